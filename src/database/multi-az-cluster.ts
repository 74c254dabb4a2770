import { Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, Dependable } from 'constructs';
import { acknowledgeDatabase } from './acknowledge-database';
import { settleAdminSecret } from './admin-password';
import { engineVersion } from './engine-version';
import { DatabaseOptions, groupsPolicy, NewDatabaseProps } from './new-database';
import { IPostgresDatabase } from './postgres-database';
import { ServerParts, serverParts } from './server-parts';
import { acknowledge, acknowledgeLint } from '../private/acknowledge';

/** The cfn-lint rule for the properties of a Multi-AZ DB cluster. */
const MULTI_AZ_RULES = 'E3692';

/** Options of a `MultiAzCluster`. */
export interface MultiAzClusterOptions extends DatabaseOptions {
  /**
   * Instance type of the writer and both readers. It must be one that Amazon RDS supports for Multi-AZ DB clusters,
   * which have a local disk.
   * @default - m6gd.large
   */
  readonly instanceType?: ec2.InstanceType;
  /**
   * Storage of each instance in GiB. It does not grow automatically.
   * @default 100
   */
  readonly allocatedStorage?: number;
  /**
   * Provisioned IOPS of each instance, for storage of 400 GiB or more. Below 400 GiB, Amazon RDS fixes the value.
   * @default - the baseline of Amazon RDS: 3,000 below 400 GiB
   */
  readonly iops?: number;
}

/** Properties of a `MultiAzCluster`. */
export interface MultiAzClusterProps extends NewDatabaseProps, MultiAzClusterOptions {}

/**
 * An RDS for PostgreSQL Multi-AZ DB cluster, a writer and two readers in three Availability Zones: encrypted, not
 * public, with TLS and SCRAM-SHA-256 required, automated backups, and retained by default.
 *
 * The VPC needs subnets in three Availability Zones.
 */
export class MultiAzCluster extends Construct implements IPostgresDatabase {
  /** Value of the secret's `engine` field. */
  public readonly engine = 'postgres';
  /** Host name of the cluster endpoint, which is the writer. */
  public readonly host: string;
  /** TCP port, as a string, because it is a token. */
  public readonly port: string;
  /** Database that applications connect to. */
  public readonly databaseName: string;
  /** Host name of the reader endpoint. */
  public readonly readerHost?: string;
  /** Identifier of the cluster. */
  public readonly dbClusterIdentifier?: string;
  /** Always undefined: AWS does not document IAM authentication for Multi-AZ DB clusters. */
  public readonly resourceId?: string;
  /** Secret of the master user. It includes host and port, unless Amazon RDS manages it. */
  public readonly adminSecret: secretsmanager.ISecret;
  /** Network connections of the cluster, including its readers. The default port is that of PostgreSQL. */
  public readonly connections: ec2.Connections;
  /** The underlying cluster. aws-cdk-lib has no L2 construct for it. */
  public readonly cluster: rds.CfnDBCluster;

  constructor(scope: Construct, id: string, props: MultiAzClusterProps) {
    super(scope, id);
    // A minor version, because CreateDBCluster is documented to accept a major version alone for Aurora only.
    const { full, major } = engineVersion(this, props.version ?? '18.4');
    const engine = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of(full, major) });
    const parts = serverParts(this, engine, props);
    this.databaseName = parts.databaseName;
    const cluster = (this.cluster = this.makeCluster(full, parts, props));

    this.host = cluster.attrEndpointAddress;
    this.port = cluster.attrEndpointPort;
    this.readerHost = cluster.attrReadEndpointAddress;
    this.dbClusterIdentifier = cluster.ref;
    const attached = parts.credentials.secret?.attach({
      asSecretAttachmentTarget: () => ({
        targetId: cluster.ref,
        targetType: secretsmanager.AttachmentTargetType.RDS_DB_CLUSTER,
      }),
    });
    this.adminSecret = settleAdminSecret(this, cluster, attached, props);
    this.connections = new ec2.Connections({
      securityGroups: [parts.securityGroup],
      defaultPort: ec2.Port.tcp(Token.asNumber(cluster.attrEndpointPort)),
    });
    acknowledgeDatabase(cluster, props);
    acknowledge(cluster, {
      rules: ['CKV_AWS_162'],
      reason: 'AWS documents logins through IAM for Aurora clusters only.',
    });
    // The rule requires Iops, which RDS refuses for gp3 storage below 400 GiB.
    if (props.iops === undefined) acknowledgeLint(cluster, MULTI_AZ_RULES);

    Dependable.implement(this, { dependencyRoots: [cluster] });
  }

  private makeCluster(version: string, parts: ServerParts, props: MultiAzClusterProps): rds.CfnDBCluster {
    const { credentials } = parts;
    const { removalPolicy, deletionProtection } = parts.protection;
    const kmsKeyId = props.encryptionKey.keyArn;
    const instanceType = props.instanceType ?? ec2.InstanceType.of(ec2.InstanceClass.M6GD, ec2.InstanceSize.LARGE);
    const subnets = new rds.SubnetGroup(this, 'Subnets', {
      description: 'PostgreSQL database',
      vpc: props.vpc,
      vpcSubnets: parts.vpcSubnets,
      removalPolicy: groupsPolicy(props),
    });
    const cluster = new rds.CfnDBCluster(this, 'Cluster', {
      engine: this.engine,
      engineVersion: version,
      dbClusterInstanceClass: `db.${instanceType}`,
      storageType: 'gp3',
      allocatedStorage: props.allocatedStorage ?? 100,
      iops: props.iops,
      dbClusterParameterGroupName: parts.parameterGroup.bindToCluster({}).parameterGroupName,
      databaseName: parts.databaseName,
      masterUsername: credentials.username,
      masterUserPassword: credentials.password?.unsafeUnwrap(),
      dbSubnetGroupName: subnets.subnetGroupName,
      vpcSecurityGroupIds: [parts.securityGroup.securityGroupId],
      publiclyAccessible: false,
      storageEncrypted: true,
      kmsKeyId,
      performanceInsightsEnabled: true,
      performanceInsightsKmsKeyId: kmsKeyId,
      enableCloudwatchLogsExports: ['postgresql', 'upgrade'],
      autoMinorVersionUpgrade: true,
      backupRetentionPeriod: parts.backupRetention.toDays(),
      copyTagsToSnapshot: true,
      deletionProtection,
    });
    cluster.applyRemovalPolicy(removalPolicy);
    return cluster;
  }
}
