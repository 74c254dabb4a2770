import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';

/**
 * A PostgreSQL database: its address and its admin secret.
 *
 * A construct that depends on it is deployed after the database answers. Use `Dependable.implement` in a class of your
 * own whose scope contains anything else.
 */
export interface IPostgresDatabase extends IConstruct, ec2.IConnectable {
  /** Value of the secret's `engine` field: `postgres` or `aurora-postgresql`. */
  readonly engine: string;
  /** Host name of the writer endpoint. */
  readonly host: string;
  /** TCP port, as a string, because it may be a token. */
  readonly port: string;
  /** Database that applications connect to. */
  readonly databaseName: string;
  /** Host name of a read-only endpoint with the same port: a read replica, or the reader endpoint of a cluster. */
  readonly readerHost?: string;
  /** Identifier of the RDS instance, if the database is one. */
  readonly dbInstanceIdentifier?: string;
  /** Identifier of the cluster, if the database is one. */
  readonly dbClusterIdentifier?: string;
  /**
   * Resource id for `rds-db:connect`: `db-…` for an instance, `cluster-…` for an Aurora cluster. Undefined if users
   * cannot log in through IAM.
   */
  readonly resourceId?: string;
  /**
   * Secret of the master user. It includes host and port, unless Amazon RDS manages it: then it has user name and
   * password only.
   */
  readonly adminSecret: secretsmanager.ISecret;
}
