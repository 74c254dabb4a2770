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

/** Of the 16 instances of an Aurora cluster one writes. */
const MOST_READERS = 15;

/** What is chosen for an `AuroraCluster`. */
export interface AuroraClusterOptions extends DatabaseOptions {
  /**
   * What the instances run on.
   * @default AuroraCapacity.serverlessV2()
   */
  readonly capacity?: AuroraCapacity;
  /**
   * Number of readers, 0 to 15, in other Availability Zones as far as there are. One of them takes over when the writer
   * fails; without any, a new writer is made first.
   * @default 1
   */
  readonly readers?: number;
}

/** Properties of an `AuroraCluster`. */
export interface AuroraClusterProps extends NewDatabaseProps, AuroraClusterOptions {}

/** An Aurora PostgreSQL cluster: encrypted, TLS and SCRAM only, not public, backed up, retained. */
export class AuroraCluster extends Construct implements IPostgresDatabase {
  /** Engine as secrets name it. */
  public readonly engine = 'aurora-postgresql';
  /** Host name of the cluster endpoint, where the writer is. */
  public readonly host: string;
  /** TCP port, as text, for it is known at deployment only. */
  public readonly port: string;
  /** Database that applications connect to. */
  public readonly databaseName: string;
  /** Host name of the reader endpoint, which leads to the writer where there is no reader. */
  public readonly readerHost?: string;
  /** Identifier of the cluster. */
  public readonly dbClusterIdentifier?: string;
  /** What `rds-db:connect` names the cluster. */
  public readonly resourceId?: string;
  /** Secret of the master user, complete with host and port unless Amazon RDS manages it. */
  public readonly adminSecret: secretsmanager.ISecret;
  /** Who may connect, to the readers as well; the port of PostgreSQL is the default. */
  public readonly connections: ec2.Connections;
  /** The cluster itself. */
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

    // A cluster has its endpoint before it has an instance that answers there.
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
