import { CfnResource, Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Construct, IConstruct } from 'constructs';
import { AdminSecret } from './admin-secret';
import { MAINTENANCE_DATABASE } from '../contract';
import { acknowledge, compliance } from '../private/acknowledge';
import { fail } from '../private/errors';

/** What is chosen for a database that this library makes, of whatever kind. */
export interface DatabaseOptions {
  /**
   * Version of PostgreSQL, 14 to 18: a major one, of which Amazon RDS takes its default minor one, or `major.minor`.
   * Another major version later is an upgrade, for which RDS also wants `allowMajorVersionUpgrade` on the resource.
   * @default '18'
   */
  readonly version?: string;
  /**
   * How long automated backups are kept.
   * @default Duration.days(7)
   */
  readonly backupRetention?: Duration;
  /**
   * Whether Amazon RDS makes the master user's password, keeps it in a secret of its own and rotates it there, every 7
   * days unless you change that secret's schedule. Applications' users are rotated by this library all the same.
   * @default false
   */
  readonly managedAdminPassword?: boolean;
}

/** Where a database that this library makes belongs. */
export interface NewDatabaseProps extends DatabaseOptions {
  /** VPC of the database: isolated subnets when it has them, else private ones. */
  readonly vpc: ec2.IVpc;
  /** Key that encrypts storage, backups, Performance Insights and the admin secret. */
  readonly encryptionKey: kms.IKey;
  /**
   * Secret of the master user; the database completes it with its host and port.
   * @default - a new one, unless Amazon RDS manages the password
   */
  readonly adminSecret?: AdminSecret;
  /**
   * Name of the database for the application, created with the server: a letter or an underscore, then letters, digits
   * and underscores, at most 63.
   * @default 'app'
   */
  readonly databaseName?: string;
  /**
   * What happens to the database when it leaves the stack. Anything but `DESTROY` also protects it from deletion.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The engine refuses a login without TLS, keeps no password but as a SCRAM verifier, and takes no other proof of one.
 */
const PARAMETERS = {
  'rds.force_ssl': '1',
  password_encryption: 'scram-sha-256',
  'rds.accepted_password_auth_method': 'scram',
};

/** The policy that a new database has, and whether it is protected from deletion. */
export function protection({ removalPolicy = RemovalPolicy.RETAIN }: NewDatabaseProps) {
  return { removalPolicy, deletionProtection: removalPolicy !== RemovalPolicy.DESTROY };
}

/** A database that stays behind still uses its groups, which could not be deleted. */
export function groupsPolicy({ removalPolicy }: NewDatabaseProps): RemovalPolicy {
  const goes = removalPolicy === RemovalPolicy.DESTROY || removalPolicy === RemovalPolicy.SNAPSHOT;
  return goes ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
}

/** A group that lets nothing out; whoever may come in is added by name. */
export function databaseSecurityGroup(scope: Construct, props: NewDatabaseProps): ec2.SecurityGroup {
  const group = new ec2.SecurityGroup(scope, 'SecurityGroup', {
    vpc: props.vpc,
    description: 'PostgreSQL database',
    allowAllOutbound: false,
  });
  group.applyRemovalPolicy(groupsPolicy(props));
  return group;
}

export function databaseParameterGroup(
  scope: Construct,
  engine: rds.IEngine,
  props: NewDatabaseProps,
): rds.ParameterGroup {
  return new rds.ParameterGroup(scope, 'ParameterGroup', {
    engine,
    description: 'TLS only, SCRAM only',
    removalPolicy: groupsPolicy(props),
    parameters: PARAMETERS,
  });
}

/** The name of the application's database, which is created with the server. */
export function newDatabaseName(scope: IConstruct, name = 'app'): string {
  if (Token.isUnresolved(name)) return name;
  if (!/^[a-z_]\w{0,62}$/i.test(name)) {
    fail(
      scope,
      `'databaseName' is '${name}'; RDS wants a letter or an underscore first, then letters, digits and ` +
        'underscores, at most 63',
    );
  }
  if ([MAINTENANCE_DATABASE, 'rdsadmin', 'template0', 'template1'].includes(name.toLowerCase())) {
    fail(scope, `'databaseName' is '${name}', which every server has and no application may own; choose another`);
  }
  return name;
}

/** How many of something are made, which has to be known when the app is synthesised. */
export function countOf(scope: IConstruct, prop: string, count: number, most: number): number {
  if (Token.isUnresolved(count)) fail(scope, `'${prop}' is a token, but resources are made one by one; write a number`);
  if (!Number.isInteger(count) || count < 0 || count > most) {
    fail(scope, `'${prop}' is ${count}; Amazon RDS makes 0 to ${most}`);
  }
  return count;
}

/** What cdk-nag and checkov find in a database of ours, and why it is so. */
export function acknowledgeDatabase(resource: CfnResource, props: NewDatabaseProps): void {
  acknowledge(resource, {
    rules: ['AwsSolutions-RDS11'],
    reason: 'Another port hides nothing: security groups name each peer, and tools, secrets and people expect 5432.',
  });
  if (resource instanceof rds.CfnDBInstance) {
    acknowledge(resource, {
      rules: ['CKV_AWS_118', ...compliance('RDSEnhancedMonitoringEnabled')],
      reason:
        'Performance Insights is on; figures of the operating system are a choice, with a role and logs of its own.',
    });
    acknowledge(resource, {
      rules: compliance('RDSInBackupPlan'),
      reason: 'Amazon RDS backs it up by itself; a plan of AWS Backup for the account may add to that.',
    });
  }
  if (protection(props).deletionProtection) return;
  acknowledge(resource, {
    rules: ['AwsSolutions-RDS10', ...compliance('RDSInstanceDeletionProtectionEnabled')],
    reason: 'The user asked for a database that goes with its stack; protection would make its deletion fail.',
  });
}
