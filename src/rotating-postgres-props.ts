import { Annotations, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { IConstruct } from 'constructs';
import { RotationStrategy } from './access/rotation-strategy';
import { SecretGuardOptions } from './access/secret-guard';
import { SecretNaming } from './access/secret-naming';
import { IPostgresDatabase } from './database/postgres-database';
import { AdminRotationOptions, DatabaseSource } from './database-source';
import { SecretsManagerEndpoint } from './network/secrets-manager-endpoint';
import { fail } from './private/errors';
import { RotationFunction, RotationFunctionOptions } from './rotation/rotation-function';
import { RotationScheduleOptions } from './rotation/scheduled-rotation';
import { Privileges } from './user/privileges';

/** Common options of `RotatingPostgres` and `RotatingPostgres.adopt`. */
export interface RotatingPostgresOptions {
  /**
   * VPC of the database and of the functions that log in to it. They are placed in isolated subnets if there are any,
   * otherwise in private subnets; without a known Secrets Manager endpoint, functions are placed in private subnets.
   */
  readonly vpc: ec2.IVpc;
  /**
   * Name of the application's user in PostgreSQL, 1 to 57 bytes: PostgreSQL's limit of 63 less the suffix `_clone`.
   * @default 'app'
   */
  readonly username?: string;
  /**
   * Privileges of the application's user.
   * @default - Privileges.owner() for a new database; Privileges.connect() for an existing one, whose owner stays the
   * same
   */
  readonly privileges?: Privileges;
  /**
   * Rotation strategy of the application's user.
   * @default RotationStrategy.ALTERNATING_USERS
   */
  readonly strategy?: RotationStrategy;
  /**
   * Rotation schedule of all passwords, including the admin's.
   * @default - every 30 days, and once when the schedule is deployed
   */
  readonly schedule?: RotationScheduleOptions;
  /**
   * Options of the rotation function: new passwords, grace period, sessions.
   * @default - passwords of 32 characters; the replaced login, and its sessions, work until the next rotation
   */
  readonly rotation?: RotationFunctionOptions;
  /**
   * A rotation function that is shared by several databases of the VPC, in the same stack. Its own properties replace
   * `rotation`, which must then be omitted.
   * @default - a new function for this database
   */
  readonly rotationFunction?: RotationFunction;
  /**
   * Names the secrets `Environment/Application/Type`.
   * @default - CloudFormation names the secrets
   */
  readonly naming?: SecretNaming;
  /**
   * Principals that may write the secrets, in addition to the functions that rotate them.
   * @default - only deployments and the account's root user
   */
  readonly guard?: SecretGuardOptions;
  /**
   * KMS key for the secrets and for a new database. The key policy must allow identity policies of the account to use
   * the key through Secrets Manager and Amazon RDS.
   * @default - a new `EncryptionKey`
   */
  readonly encryptionKey?: kms.IKey;
  /**
   * How the functions reach Secrets Manager.
   * @default - the VPC's interface endpoint, which is created if the app has none; in an imported VPC none is created
   */
  readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
  /**
   * SNS topic for alarms and failed rotations.
   * @default - a new topic, `monitoring.topic`
   */
  readonly notificationTopic?: sns.ITopic;
  /**
   * What happens to the secrets, and to a new database and key, when they are removed from the stack. `SNAPSHOT` takes
   * a final snapshot of the database and retains key and secrets. Only `DESTROY` also disables deletion protection.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Properties of a `RotatingPostgres`. */
export interface RotatingPostgresProps extends RotatingPostgresOptions {
  /**
   * The database: a new one of some kind, or an existing one.
   * @default - DatabaseSource.instance()
   */
  readonly database?: DatabaseSource;
  /**
   * Name of the application's database on a new server. It must be omitted for an existing database.
   * @default 'app'
   */
  readonly databaseName?: string;
}

/** Properties of `RotatingPostgres.adopt`. */
export interface AdoptProps extends RotatingPostgresOptions, AdminRotationOptions {
  /**
   * The database, from `PostgresDatabase.fromInstance`, `fromCluster` or `fromAttributes`. Its own resources are not
   * changed.
   */
  readonly database: IPostgresDatabase;
}

/** Refuses or warns about rotation options that have no effect. */
export function checkRotation(scope: IConstruct, props: RotatingPostgresProps): void {
  if (props.rotationFunction && props.rotation) {
    fail(
      scope,
      "'rotation' and 'rotationFunction' are both set; pass the options of 'rotation' to that function, and " +
        'leave it out here',
    );
  }
  const { retireAfter, terminateSessions } = props.rotation ?? {};
  if (props.strategy === RotationStrategy.SINGLE_USER && (retireAfter !== undefined || terminateSessions === true)) {
    Annotations.of(scope).addWarningV2(
      'cdk-rotating-postgres:retire-single-user',
      "'rotation.retireAfter' and 'rotation.terminateSessions' are about alternating users: the one login " +
        'of a single user does not retire. ' +
        "Leave them out, or choose another 'strategy'.",
    );
  }
}
