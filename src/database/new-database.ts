import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import { AdminSecret } from './admin-secret';

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

/** The policy that a new database has, and whether it is protected from deletion. */
export function protection({ removalPolicy = RemovalPolicy.RETAIN }: NewDatabaseProps) {
  return { removalPolicy, deletionProtection: removalPolicy !== RemovalPolicy.DESTROY };
}

/** A database that stays behind still uses its groups, which could not be deleted. */
export function groupsPolicy({ removalPolicy }: NewDatabaseProps): RemovalPolicy {
  const goes = removalPolicy === RemovalPolicy.DESTROY || removalPolicy === RemovalPolicy.SNAPSHOT;
  return goes ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
}
