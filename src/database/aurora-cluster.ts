import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, Dependable } from 'constructs';
import { acknowledgeDatabase } from './acknowledge-database';
import { settleAdminSecret } from './admin-password';
import { AuroraCapacity, WRITER } from './aurora-capacity';
import { engineVersion } from './engine-version';
import { DatabaseOptions, NewDatabaseProps } from './new-database';
import { IPostgresDatabase } from './postgres-database';
import { countOf, instanceSettings, ServerParts, serverParts } from './server-parts';

/** An Aurora cluster has up to 16 instances, one of which is the writer. */
const MOST_READERS = 15;

/** Options of an `AuroraCluster`. */
export interface AuroraClusterOptions extends DatabaseOptions {
  /**
   * Capacity of the instances.
   * @default AuroraCapacity.serverlessV2()
   */
  readonly capacity?: AuroraCapacity;
  /**
   * Number of readers, 0 to 15, spread over the Availability Zones of the subnets. A reader takes over when the writer
   * fails. Without readers, Aurora has to create a new writer first.
   * @default 1
   */
  readonly readers?: number;
}

/** Properties of an `AuroraCluster`. */
export interface AuroraClusterProps extends NewDatabaseProps, AuroraClusterOptions {}

/**
 * An Aurora PostgreSQL cluster: encrypted, not public, with TLS and SCRAM-SHA-256 required, automated backups, and
 * retained by default.
 */
export class AuroraCluster extends Construct implements IPostgresDatabase {
  /** Value of the secret's `engine` field. */
  public readonly engine = 'aurora-postgresql';
  /** Host name of the cluster endpoint, which is the writer. */
  public readonly host: string;
  /** TCP port, as a string, because it is a token. */
  public readonly port: string;
  /** Database that applications connect to. */
  public readonly databaseName: string;
  /** Host name of the reader endpoint. Without readers, it resolves to the writer. */
  public readonly readerHost?: string;
  /** Identifier of the cluster. */
  public readonly dbClusterIdentifier?: string;
  /** Resource id of the cluster, for `rds-db:connect`. */
  public readonly resourceId?: string;
  /** Secret of the master user. It includes host and port, unless Amazon RDS manages it. */
  public readonly adminSecret: secretsmanager.ISecret;
  /** Network connections of the cluster, including its readers. The default port is that of PostgreSQL. */
  public readonly connections: ec2.Connections;
  /** The underlying cluster. */
  public readonly cluster: rds.DatabaseCluster;

  constructor(scope: Construct, id: string, props: AuroraClusterProps) {
    super(scope, id);
    const { full, major } = engineVersion(this, props.version);
    const version = rds.AuroraPostgresEngineVersion.of(full, major);
    const engine = rds.DatabaseClusterEngine.auroraPostgres({ version });
    const parts = serverParts(this, engine, props);
    this.databaseName = parts.databaseName;
    this.cluster = this.makeCluster(engine, parts, props);

    const cluster = this.cluster.node.defaultChild as rds.CfnDBCluster;
    this.host = cluster.attrEndpointAddress;
    this.port = cluster.attrEndpointPort;
    this.readerHost = cluster.attrReadEndpointAddress;
    this.dbClusterIdentifier = this.cluster.clusterIdentifier;
    this.resourceId = this.cluster.clusterResourceIdentifier;
    this.adminSecret = settleAdminSecret(this, cluster, this.cluster.secret, props);
    this.connections = this.cluster.connections;
    for (const resource of this.node.findAll()) {
      if (resource instanceof rds.CfnDBCluster || resource instanceof rds.CfnDBInstance) {
        acknowledgeDatabase(resource, props);
      }
    }

    // The endpoint exists before an instance answers at it.
    Dependable.implement(this, { dependencyRoots: [cluster, this.cluster.node.findChild(WRITER)] });
  }

  private makeCluster(
    engine: rds.IClusterEngine,
    parts: ServerParts,
    { vpc, encryptionKey, capacity = AuroraCapacity.serverlessV2(), ...props }: AuroraClusterProps,
  ): rds.DatabaseCluster {
    const readers = countOf(this, 'readers', props.readers ?? 1, MOST_READERS);
    const cluster = new rds.DatabaseCluster(this, 'Cluster', {
      ...parts.protection,
      ...capacity._instances(readers, instanceSettings(encryptionKey)),
      engine,
      parameterGroup: parts.parameterGroup,
      defaultDatabaseName: parts.databaseName,
      credentials: parts.credentials,
      vpc,
      vpcSubnets: parts.vpcSubnets,
      securityGroups: [parts.securityGroup],
      storageEncryptionKey: encryptionKey,
      cloudwatchLogsExports: ['postgresql'],
      iamAuthentication: true,
      backup: { retention: parts.backupRetention },
      copyTagsToSnapshot: true,
    });
    if (capacity._unjudged) {
      (cluster.node.defaultChild as rds.CfnDBCluster).serverlessV2ScalingConfiguration = capacity._unjudged;
    }
    return cluster;
  }
}
