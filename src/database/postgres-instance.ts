import { CfnResource, Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { AdminSecret } from './admin-secret';
import { IPostgresDatabase } from './postgres-database';
import { MAINTENANCE_DATABASE } from '../contract';
import { acknowledge } from '../private/acknowledge';
import { fail } from '../private/errors';
import { retainedUnlessDestroyed } from '../private/generated-secret';
import { innermostSubnets } from '../private/subnets';

/** Properties of a `PostgresInstance`. */
export interface PostgresInstanceProps {
  /** VPC of the database: isolated subnets when it has them, else private ones. */
  readonly vpc: ec2.IVpc;
  /** Key that encrypts storage, backups and Performance Insights. */
  readonly encryptionKey: kms.IKey;
  /** Secret of the master user; the database completes it with its host and port. */
  readonly adminSecret: AdminSecret;
  /**
   * Name of the database for the application, created with the instance.
   * @default 'app'
   */
  readonly databaseName?: string;
  /**
   * Instance class.
   * @default - db.t4g.medium
   */
  readonly instanceType?: ec2.InstanceType;
  /**
   * Whether a standby in another Availability Zone takes over when the instance fails.
   * @default true
   */
  readonly multiAz?: boolean;
  /**
   * How long automated backups are kept.
   * @default Duration.days(7)
   */
  readonly backupRetention?: Duration;
  /**
   * What happens to the instance when it leaves the stack. Anything but `DESTROY` also protects it from deletion.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** An RDS for PostgreSQL 18 instance: encrypted, TLS and SCRAM only, not public, backed up, retained. */
export class PostgresInstance extends Construct implements IPostgresDatabase {
  /** Engine as secrets name it. */
  public readonly engine = 'postgres';
  /** Host name of the endpoint. */
  public readonly host: string;
  /** TCP port, as text, for it is known at deployment only. */
  public readonly port: string;
  /** Database that applications connect to. */
  public readonly databaseName: string;
  /** Identifier of the instance. */
  public readonly dbInstanceIdentifier?: string;
  /** Secret of the master user, complete with host and port. */
  public readonly adminSecret: secretsmanager.ISecret;
  /** Who may connect; the port of PostgreSQL is the default. */
  public readonly connections: ec2.Connections;
  /** The instance itself. */
  public readonly instance: rds.DatabaseInstance;

  constructor(scope: Construct, id: string, props: PostgresInstanceProps) {
    super(scope, id);
    this.databaseName = validName(this, props.databaseName ?? 'app');
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const engine = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of('18', '18') });

    // A database that stays behind still uses its groups, which could not be deleted; the subnet group follows by itself.
    const goes = removalPolicy === RemovalPolicy.DESTROY || removalPolicy === RemovalPolicy.SNAPSHOT;
    const withDatabase = goes ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc, description: 'PostgreSQL database', allowAllOutbound: false,
    });
    securityGroup.applyRemovalPolicy(withDatabase);
    const parameterGroup = new rds.ParameterGroup(this, 'ParameterGroup', {
      engine,
      description: 'TLS only, SCRAM only',
      removalPolicy: withDatabase,
      parameters: {
        'rds.force_ssl': '1',
        'password_encryption': 'scram-sha-256',
        'rds.accepted_password_auth_method': 'scram',
      },
    });

    this.instance = new rds.DatabaseInstance(this, 'Instance', {
      engine,
      parameterGroup,
      databaseName: this.databaseName,
      credentials: rds.Credentials.fromSecret(props.adminSecret, AdminSecret.USERNAME),
      vpc: props.vpc,
      vpcSubnets: innermostSubnets(this, props.vpc),
      securityGroups: [securityGroup],
      publiclyAccessible: false,
      instanceType: props.instanceType ?? ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MEDIUM),
      multiAz: props.multiAz ?? true,
      storageType: rds.StorageType.GP3,
      allocatedStorage: 20,
      maxAllocatedStorage: 100,
      storageEncryptionKey: props.encryptionKey,
      enablePerformanceInsights: true,
      performanceInsightEncryptionKey: props.encryptionKey,
      cloudwatchLogsExports: ['postgresql', 'upgrade'],
      iamAuthentication: true,
      caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
      autoMinorVersionUpgrade: true,
      backupRetention: props.backupRetention ?? Duration.days(7),
      deleteAutomatedBackups: removalPolicy === RemovalPolicy.DESTROY,
      copyTagsToSnapshot: true,
      deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
      removalPolicy,
    });
    this.host = this.instance.dbInstanceEndpointAddress;
    this.port = this.instance.dbInstanceEndpointPort;
    this.dbInstanceIdentifier = this.instance.instanceIdentifier;
    this.adminSecret = this.instance.secret!;
    this.connections = this.instance.connections;
    // Removing the attachment takes host and port out of the secret, without which a secret that stays is of no use.
    (this.adminSecret.node.defaultChild as CfnResource).applyRemovalPolicy(retainedUnlessDestroyed(removalPolicy));

    acknowledge(this.instance, {
      rule: 'AwsSolutions-RDS11',
      reason: 'Another port hides nothing: security groups name each peer, and tools, secrets and people expect 5432.',
    });
    if (removalPolicy === RemovalPolicy.DESTROY) {
      acknowledge(this.instance, {
        rule: 'AwsSolutions-RDS10',
        reason: 'The user asked for a database that goes with its stack; protection would make its deletion fail.',
      });
    }
  }
}

function validName(scope: Construct, name: string): string {
  if (Token.isUnresolved(name)) return name;
  if (!/^[a-z_]\w{0,62}$/i.test(name)) {
    fail(scope, `'databaseName' is '${name}'; RDS wants a letter or an underscore first, then letters, digits and underscores, at most 63`);
  }
  if ([MAINTENANCE_DATABASE, 'rdsadmin', 'template0', 'template1'].includes(name.toLowerCase())) {
    fail(scope, `'databaseName' is '${name}', which every server has and no application may own; choose another`);
  }
  return name;
}
