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

/** What a `RotatingPostgres` is told of, wherever its database comes from. */
export interface RotatingPostgresOptions {
  /**
   * VPC of the database, and of the functions that log in to it: isolated subnets when it has them, else private ones.
   */
  readonly vpc: ec2.IVpc;
  /**
   * Name of the application's user in PostgreSQL.
   * @default 'app'
   */
  readonly username?: string;
  /**
   * What the application's user may do.
   * @default - Privileges.owner(); of a database that was there before Privileges.connect(), which takes nothing from
   * its owner
   */
  readonly privileges?: Privileges;
  /**
   * How the password of the application's user changes.
   * @default RotationStrategy.ALTERNATING_USERS
   */
  readonly strategy?: RotationStrategy;
  /**
   * When passwords change, the administrator's as well.
   * @default - every 30 days, and when the schedule is deployed
   */
  readonly schedule?: RotationScheduleOptions;
  /**
   * How passwords change.
   * @default - 32 characters; the previous login works until the next rotation, with the sessions that it has
   */
  readonly rotation?: RotationFunctionOptions;
  /**
   * A function that rotates the secrets of several databases of the VPC, made in the same stack. Its own properties say
   * how passwords change, so that `rotation` is left out.
   * @default - a function of its own
   */
  readonly rotationFunction?: RotationFunction;
  /**
   * Names secrets `Environment/Application/Type`.
   * @default - CloudFormation names them
   */
  readonly naming?: SecretNaming;
  /**
   * Who may write the secrets, beside the functions that rotate them.
   * @default - deployment and the account's root user
   */
  readonly guard?: SecretGuardOptions;
  /**
   * Key that encrypts the secrets, and a new database. Its policy must let identity policies of the account use it
   * through Secrets Manager and Amazon RDS.
   * @default - a new `EncryptionKey`
   */
  readonly encryptionKey?: kms.IKey;
  /**
   * The way from the VPC to Secrets Manager.
   * @default - the VPC's endpoint, made when the app has none; in an imported VPC none is made
   */
  readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
  /**
   * Topic that is told when a rotation goes wrong.
   * @default - a new one, `monitoring.topic`
   */
  readonly notificationTopic?: sns.ITopic;
  /**
   * What happens to what is made here, a new database, key and secrets, when it leaves the stack. `SNAPSHOT` keeps a
   * last snapshot of the database, with key and secrets; only `DESTROY` also switches the protection from deletion off.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Properties of a `RotatingPostgres`. */
export interface RotatingPostgresProps extends RotatingPostgresOptions {
  /**
   * The database: what kind of one is made, or which one is there already.
   * @default - DatabaseSource.instance()
   */
  readonly database?: DatabaseSource;
  /**
   * Name of the application's database on a new server.
   * @default 'app'
   */
  readonly databaseName?: string;
}

/** Properties of `RotatingPostgres.adopt`. */
export interface AdoptProps extends RotatingPostgresOptions, AdminRotationOptions {
  /** The database, by `PostgresDatabase.fromInstance`, `fromCluster` or `fromAttributes`. Nothing of it changes. */
  readonly database: IPostgresDatabase;
}

/** Refuses, or warns of, what is said of the rotation and has no effect. */
export function checkRotation(scope: IConstruct, props: RotatingPostgresProps): void {
  if (props.rotationFunction && props.rotation) {
    fail(
      scope,
      "'rotation' and 'rotationFunction' are both set; give what 'rotation' says to the function, and " +
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
