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

/** Who rotates the admin of a database that is there already. */
export interface AdminRotationOptions {
  /**
   * Whether the password of the admin is rotated too, by the same function and schedule. Only where nobody else does
   * it: Secrets Manager has one schedule per secret, and this one would replace it.
   * @default false
   */
  readonly rotateAdmin?: boolean;
}

/** What a source is told. */
interface Surroundings {
  readonly vpc: ec2.IVpc;
  readonly encryptionKey: kms.IKey;
  readonly naming?: SecretNaming;
  readonly guard?: SecretGuardOptions;
  readonly removalPolicy?: RemovalPolicy;
  readonly databaseName?: string;
}

/** What a source has to give. */
interface ProvidedDatabase {
  readonly database: IPostgresDatabase;
  /** The secret that rotates the admin's password, where we do. */
  readonly rotatedAdminSecret?: secretsmanager.ISecret;
  /** What the application's user may do when nothing else is said. */
  readonly privileges: Privileges;
}

/** Where the database of a `RotatingPostgres` comes from. */
export class DatabaseSource {
  /** A new RDS for PostgreSQL instance with a standby. */
  public static instance(options: PostgresInstanceOptions = {}): DatabaseSource {
    return DatabaseSource.made(
      options,
      (scope, props) => new PostgresInstance(scope, 'Database', { ...props, ...options }),
    );
  }

  /** A new Aurora PostgreSQL cluster: Serverless v2, a writer and a reader. */
  public static aurora(options: AuroraClusterOptions = {}): DatabaseSource {
    return DatabaseSource.made(
      options,
      (scope, props) => new AuroraCluster(scope, 'Database', { ...props, ...options }),
    );
  }

  /** A new RDS for PostgreSQL Multi-AZ DB cluster: a writer and two readers. */
  public static multiAzCluster(options: MultiAzClusterOptions = {}): DatabaseSource {
    return DatabaseSource.made(
      options,
      (scope, props) => new MultiAzCluster(scope, 'Database', { ...props, ...options }),
    );
  }

  /**
   * A database that is there already: one by `PostgresDatabase.fromInstance`, `fromCluster` or `fromAttributes`, or a
   * part made before.
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
        // The database has an owner, who would not be it any more.
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
   * The database, made in this scope if it has to be.
   *
   * @internal
   */
  public _provide(scope: Construct, surroundings: Surroundings): ProvidedDatabase {
    return this.provide(scope, surroundings);
  }
}

/** Schedules of the same secret that the app makes besides ours: whichever is deployed last would replace the other. */
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
