import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import { AdminSecret } from './admin-secret';

/** Options that all kinds of new databases have in common. */
export interface DatabaseOptions {
  /**
   * PostgreSQL version, 14 to 18: a major version, such as `'18'`, for which Amazon RDS chooses its default minor
   * version, or `'major.minor'`. Changing the major version later is an upgrade, which also needs
   * `allowMajorVersionUpgrade` on the underlying resource.
   * @default - '18'; '18.4' for a Multi-AZ DB cluster
   */
  readonly version?: string;
  /**
   * Retention period of automated backups.
   * @default Duration.days(7)
   */
  readonly backupRetention?: Duration;
  /**
   * Whether Amazon RDS manages the master user's password: RDS generates it, keeps it in a secret of its own and
   * rotates it every 7 days, unless you change that secret's schedule. This library still rotates the users of
   * applications.
   * @default false
   */
  readonly managedAdminPassword?: boolean;
}

/** Properties that all kinds of new databases have in common. */
export interface NewDatabaseProps extends DatabaseOptions {
  /** VPC of the database, which is placed in isolated subnets if there are any, otherwise in private subnets. */
  readonly vpc: ec2.IVpc;
  /** KMS key for storage, backups, Performance Insights and the admin secret. */
  readonly encryptionKey: kms.IKey;
  /**
   * Secret of the master user. The database adds its host and port to it.
   * @default - a new `AdminSecret`, unless `managedAdminPassword` is true
   */
  readonly adminSecret?: AdminSecret;
  /**
   * Name of the application's database, which is created with the server: a letter or an underscore, then letters,
   * digits and underscores, at most 63 characters, and none of `postgres`, `rdsadmin`, `template0` and `template1`.
   * @default 'app'
   */
  readonly databaseName?: string;
  /**
   * What happens to the database when it is removed from the stack. Any policy except `DESTROY` also enables deletion
   * protection.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** The removal policy and deletion protection of a new database. */
export function protection({ removalPolicy = RemovalPolicy.RETAIN }: NewDatabaseProps) {
  return { removalPolicy, deletionProtection: removalPolicy !== RemovalPolicy.DESTROY };
}

/**
 * The removal policy of subnet, parameter and security groups. A retained database still uses its groups, so that
 * deleting them would fail.
 */
export function groupsPolicy({ removalPolicy }: NewDatabaseProps): RemovalPolicy {
  const goes = removalPolicy === RemovalPolicy.DESTROY || removalPolicy === RemovalPolicy.SNAPSHOT;
  return goes ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
}
