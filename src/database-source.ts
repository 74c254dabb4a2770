import { RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { SecretGuardOptions } from './access/secret-guard';
import { SecretNaming } from './access/secret-naming';
import { AdminSecret } from './database/admin-secret';
import { AuroraCluster, AuroraClusterOptions } from './database/aurora-cluster';
import { MultiAzCluster, MultiAzClusterOptions } from './database/multi-az-cluster';
import { DatabaseOptions, NewDatabaseProps } from './database/new-database';
import { IPostgresDatabase } from './database/postgres-database';
import { PostgresInstance, PostgresInstanceOptions } from './database/postgres-instance';
import { fail } from './private/errors';
import { Privileges } from './user/privileges';

/** Options for the admin of an existing database. */
export interface AdminRotationOptions {
  /**
   * Whether to rotate the admin's password too, with the same function and schedule. Set it only if nothing else
   * rotates the admin secret: a secret has one rotation schedule, and this one would replace the other.
   * @default false
   */
  readonly rotateAdmin?: boolean;
}

/** The settings of the `RotatingPostgres` that a source uses. */
interface Surroundings {
  readonly vpc: ec2.IVpc;
  readonly encryptionKey: kms.IKey;
  readonly naming?: SecretNaming;
  readonly guard?: SecretGuardOptions;
  readonly removalPolicy?: RemovalPolicy;
  readonly databaseName?: string;
}

/** The database of a source, and how it is used. */
interface ProvidedDatabase {
  readonly database: IPostgresDatabase;
  /** The admin secret, if this library rotates it. */
  readonly rotatedAdminSecret?: secretsmanager.ISecret;
  /** The default privileges of the application's user. */
  readonly privileges: Privileges;
}

/** The database of a `RotatingPostgres`: a new one of some kind, or an existing one. */
export class DatabaseSource {
  /** A new RDS for PostgreSQL instance, by default with a standby in another Availability Zone. */
  public static instance(options: PostgresInstanceOptions = {}): DatabaseSource {
    return DatabaseSource.made(
      options,
      (scope, props) => new PostgresInstance(scope, 'Database', { ...props, ...options }),
    );
  }

  /** A new Aurora PostgreSQL cluster, by default Serverless v2 with a writer and a reader. */
  public static aurora(options: AuroraClusterOptions = {}): DatabaseSource {
    return DatabaseSource.made(
      options,
      (scope, props) => new AuroraCluster(scope, 'Database', { ...props, ...options }),
    );
  }

  /** A new RDS for PostgreSQL Multi-AZ DB cluster with a writer and two readers. */
  public static multiAzCluster(options: MultiAzClusterOptions = {}): DatabaseSource {
    return DatabaseSource.made(
      options,
      (scope, props) => new MultiAzCluster(scope, 'Database', { ...props, ...options }),
    );
  }

  /**
   * An existing database: the result of `PostgresDatabase.fromInstance`, `fromCluster` or `fromAttributes`, or a
   * `PostgresInstance`, `AuroraCluster` or `MultiAzCluster` of this app.
   */
  public static existing(database: IPostgresDatabase, options: AdminRotationOptions = {}): DatabaseSource {
    return new DatabaseSource((scope, { databaseName }) => {
      if (databaseName !== undefined) {
        fail(
          scope,
          `'databaseName' is '${databaseName}', but the database is there already (${database.node.path}), ` +
            "and its application's database" +
            ` is '${database.databaseName}'; leave 'databaseName' out`,
        );
      }
      if (options.rotateAdmin) {
        scope.node.addValidation({ validate: () => furtherSchedules(scope, database.adminSecret) });
      }
      return {
        database,
        rotatedAdminSecret: options.rotateAdmin ? database.adminSecret : undefined,
        // The database already has an owner, which would lose it.
        privileges: Privileges.connect(),
      };
    });
  }

  private static made(
    options: DatabaseOptions,
    make: (scope: Construct, props: NewDatabaseProps) => IPostgresDatabase,
  ): DatabaseSource {
    return new DatabaseSource((scope, { naming, guard, ...props }) => {
      const adminSecret = options.managedAdminPassword
        ? undefined
        : new AdminSecret(scope, 'AdminSecret', { ...props, naming, guard });
      return {
        database: make(scope, { ...props, adminSecret }),
        rotatedAdminSecret: adminSecret,
        privileges: Privileges.owner(),
      };
    });
  }

  private constructor(private readonly provide: (scope: Construct, surroundings: Surroundings) => ProvidedDatabase) {}

  /**
   * The database, created in this scope if it is a new one.
   *
   * @internal
   */
  public _provide(scope: Construct, surroundings: Surroundings): ProvidedDatabase {
    return this.provide(scope, surroundings);
  }
}

/**
 * Finds other schedules of the same secret in the app. Of two schedules, the one deployed last would replace the other.
 */
function furtherSchedules(scope: Construct, { secretArn }: secretsmanager.ISecret): string[] {
  const all = scope.node.root.node
    .findAll()
    .filter(construct => construct instanceof secretsmanager.CfnRotationSchedule);
  return all
    .filter(({ secretId, node }) => secretId === secretArn && !node.path.startsWith(`${scope.node.path}/`))
    .map(
      ({ node }) =>
        `'${node.path}' rotates the admin secret already, and a secret has one schedule; leave ` +
        "'rotateAdmin' out, or that one",
    );
}
