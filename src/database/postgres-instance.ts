import { RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, Dependable } from 'constructs';
import { acknowledgeDatabase } from './acknowledge-database';
import { settleAdminSecret } from './admin-password';
import { engineVersion } from './engine-version';
import { DatabaseOptions, NewDatabaseProps } from './new-database';
import { IPostgresDatabase } from './postgres-database';
import { refuseReplicasOfManagedAdmin } from './read-replicas';
import { countOf, instanceSettings, ServerParts, serverParts } from './server-parts';
import { acknowledge } from '../private/acknowledge';

/** The maximum number of read replicas of a PostgreSQL instance in Amazon RDS. */
const MOST_READ_REPLICAS = 15;

/** Options of a `PostgresInstance`. */
export interface PostgresInstanceOptions extends DatabaseOptions {
  /**
   * Instance type, also of the read replicas.
   * @default - t4g.medium
   */
  readonly instanceType?: ec2.InstanceType;
  /**
   * Whether the instance has a standby in another Availability Zone, which takes over when the instance fails.
   * @default true
   */
  readonly multiAz?: boolean;
  /**
   * Number of read replicas in the same VPC, 0 to 15. They accept the same logins as the instance; a changed password
   * takes effect on a replica after its replication lag. Must be 0 with `managedAdminPassword`, because Amazon RDS does
   * not support read replicas of such an instance.
   * @default 0
   */
  readonly readReplicas?: number;
}

/** Properties of a `PostgresInstance`. */
export interface PostgresInstanceProps extends NewDatabaseProps, PostgresInstanceOptions {}

/**
 * An RDS for PostgreSQL instance: encrypted, not public, with TLS and SCRAM-SHA-256 required, automated backups, and
 * retained by default. Its gp3 storage has 20 GiB and grows automatically up to 100 GiB.
 */
export class PostgresInstance extends Construct implements IPostgresDatabase {
  /** Value of the secret's `engine` field. */
  public readonly engine = 'postgres';
  /** Host name of the endpoint. */
  public readonly host: string;
  /** TCP port, as a string, because it is a token. */
  public readonly port: string;
  /** Database that applications connect to. */
  public readonly databaseName: string;
  /** Host name of the first read replica; `replicas` has all of them. */
  public readonly readerHost?: string;
  /** Identifier of the instance. */
  public readonly dbInstanceIdentifier?: string;
  /** Resource id of the instance, for `rds-db:connect`. */
  public readonly resourceId?: string;
  /** Secret of the master user. It includes host and port, unless Amazon RDS manages it. */
  public readonly adminSecret: secretsmanager.ISecret;
  /** Network connections of the instance, including its read replicas. The default port is that of PostgreSQL. */
  public readonly connections: ec2.Connections;
  /** The underlying instance. */
  public readonly instance: rds.DatabaseInstance;
  /** The read replicas. */
  public readonly replicas: rds.DatabaseInstanceReadReplica[];

  constructor(scope: Construct, id: string, props: PostgresInstanceProps) {
    super(scope, id);
    const { full, major } = engineVersion(this, props.version);
    const engine = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of(full, major) });
    const parts = serverParts(this, engine, props);
    const shared = sharedByReplicas(parts, props);
    this.databaseName = parts.databaseName;
    this.instance = new rds.DatabaseInstance(this, 'Instance', {
      ...shared,
      engine,
      databaseName: parts.databaseName,
      credentials: parts.credentials,
      multiAz: props.multiAz ?? true,
      allocatedStorage: 20,
      storageEncryptionKey: props.encryptionKey,
      backupRetention: parts.backupRetention,
      deleteAutomatedBackups: parts.protection.removalPolicy === RemovalPolicy.DESTROY,
    });
    this.host = this.instance.dbInstanceEndpointAddress;
    this.port = this.instance.dbInstanceEndpointPort;
    this.dbInstanceIdentifier = this.instance.instanceIdentifier;
    this.resourceId = this.instance.instanceResourceId;
    const server = this.instance.node.defaultChild as rds.CfnDBInstance;
    this.adminSecret = settleAdminSecret(this, server, this.instance.secret, props);
    this.connections = this.instance.connections;
    acknowledgeDatabase(server, props);

    this.replicas = this.makeReplicas(shared, props);
    this.readerHost = this.replicas[0]?.dbInstanceEndpointAddress;

    // The instance only, without the rules of its security group: some of them belong to consumers that wait for this
    // construct.
    Dependable.implement(this, { dependencyRoots: [this.instance] });
  }

  private makeReplicas(
    shared: ReturnType<typeof sharedByReplicas>,
    props: PostgresInstanceProps,
  ): rds.DatabaseInstanceReadReplica[] {
    const { readReplicas = 0 } = props;
    if (props.managedAdminPassword) refuseReplicasOfManagedAdmin(this, this.instance, readReplicas);
    const length = countOf(this, 'readReplicas', readReplicas, MOST_READ_REPLICAS);
    return Array.from({ length }, (_, index) => {
      const replica = new rds.DatabaseInstanceReadReplica(this, `ReadReplica${index + 1}`, {
        ...shared,
        sourceDatabaseInstance: this.instance,
      });
      acknowledgeReplica(replica.node.defaultChild as rds.CfnDBInstance, props);
      return replica;
    });
  }
}

/** The properties that a replica has in common with its source. */
function sharedByReplicas(parts: ServerParts, props: PostgresInstanceProps) {
  return {
    ...parts.protection,
    ...instanceSettings(props.encryptionKey),
    parameterGroup: parts.parameterGroup,
    vpc: props.vpc,
    vpcSubnets: parts.vpcSubnets,
    securityGroups: [parts.securityGroup],
    instanceType: props.instanceType ?? ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MEDIUM),
    storageType: rds.StorageType.GP3,
    maxAllocatedStorage: 100,
    cloudwatchLogsExports: ['postgresql', 'upgrade'],
    iamAuthentication: true,
    copyTagsToSnapshot: true,
  };
}

function acknowledgeReplica(replica: rds.CfnDBInstance, props: NewDatabaseProps): void {
  acknowledgeDatabase(replica, props);
  // RDS refuses both properties on a replica in its source's Region.
  const encrypted = 'A replica is encrypted as its source is, with the same key.';
  const spare = 'A replica is a spare itself, and made again from its source.';
  acknowledge(replica, { rules: ['AwsSolutions-RDS2', 'CKV_AWS_16'], reason: encrypted });
  acknowledge(replica, { rules: ['AwsSolutions-RDS3', 'CKV_AWS_157'], reason: spare });
  acknowledge(replica, { rules: ['AwsSolutions-RDS13'], reason: 'The source is backed up.' });
}
