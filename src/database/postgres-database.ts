import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';

/**
 * A PostgreSQL database as the other parts see it: where it is, and who administers it.
 *
 * Whoever depends on it waits until it answers; see `Dependable.implement` for a class of your own that has more than
 * that in its scope.
 */
export interface IPostgresDatabase extends IConstruct, ec2.IConnectable {
  /** Engine as secrets name it: `postgres` or `aurora-postgresql`. */
  readonly engine: string;
  /** Host name of the endpoint that writes. */
  readonly host: string;
  /** TCP port, as text, for it may be known at deployment only. */
  readonly port: string;
  /** Database that applications connect to. */
  readonly databaseName: string;
  /** Host name for those who only read, at the same port: of a read replica, or of a cluster's readers. */
  readonly readerHost?: string;
  /** Identifier of the instance, where the database is one. */
  readonly dbInstanceIdentifier?: string;
  /** Identifier of the cluster, where the database is one. */
  readonly dbClusterIdentifier?: string;
  /**
   * What IAM authentication calls the database, in the resource of `rds-db:connect`: `db-…` of an instance, `cluster-…`
   * of an Aurora cluster. Absent where nobody can log in through IAM.
   */
  readonly resourceId?: string;
  /**
   * Secret of the master user: with host and port, or one that Amazon RDS manages, which has user name and password
   * only.
   */
  readonly adminSecret: secretsmanager.ISecret;
}
