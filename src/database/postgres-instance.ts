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

/** As many as Amazon RDS makes of one PostgreSQL instance. */
const MOST_READ_REPLICAS = 15;

/** What is chosen for a `PostgresInstance`. */
export interface PostgresInstanceOptions extends DatabaseOptions {
  /**
   * Instance class, of the read replicas too.
   * @default - db.t4g.medium
   */
  readonly instanceType?: ec2.InstanceType;
  /**
   * Whether a standby in another Availability Zone takes over when the instance fails.
   * @default true
   */
  readonly multiAz?: boolean;
  /**
   * Number of read replicas in the same VPC, 0 to 15. They take the logins of the instance, some seconds after it. Not
   * with `managedAdminPassword`, of whose instances Amazon RDS makes none.
   * @default 0
   */
  readonly readReplicas?: number;
}

/** Properties of a `PostgresInstance`. */
export interface PostgresInstanceProps extends NewDatabaseProps, PostgresInstanceOptions {}

/** An RDS for PostgreSQL instance: encrypted, TLS and SCRAM only, not public, backed up, retained. */
export class PostgresInstance extends Construct implements IPostgresDatabase {
  /** Engine as secrets name it. */
  public readonly engine = 'postgres';
  /** Host name of the endpoint. */
  public readonly host: string;
  /** TCP port, as text, for it is known at deployment only. */
  public readonly port: string;
  /** Database that applications connect to. */
  public readonly databaseName: string;
  /** Host name of the first read replica; `replicas` has all. */
  public readonly readerHost?: string;
  /** Identifier of the instance. */
  public readonly dbInstanceIdentifier?: string;
  /** What `rds-db:connect` names the instance. */
  public readonly resourceId?: string;
  /** Secret of the master user, complete with host and port unless Amazon RDS manages it. */
  public readonly adminSecret: secretsmanager.ISecret;
  /** Who may connect, to the replicas as well; the port of PostgreSQL is the default. */
  public readonly connections: ec2.Connections;
  /** The instance itself. */
  public readonly instance: rds.DatabaseInstance;
  /** Its read replicas. */
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

    // Not the rules of the group, some of which belong to consumers that wait for this.
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

/** A replica is made as its source is, but for what it takes from there. */
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
  // RDS wants neither property said of a replica in its source's Region.
  const encrypted = 'A replica is encrypted as its source is, with the same key.';
  const spare = 'A replica is a spare itself, and made again from its source.';
  acknowledge(replica, { rules: ['AwsSolutions-RDS2', 'CKV_AWS_16'], reason: encrypted });
  acknowledge(replica, { rules: ['AwsSolutions-RDS3', 'CKV_AWS_157'], reason: spare });
  acknowledge(replica, { rules: ['AwsSolutions-RDS13'], reason: 'The source is backed up.' });
}
