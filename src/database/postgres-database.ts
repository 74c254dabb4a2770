import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';

/** A PostgreSQL database as the other parts see it: where it is, and who administers it. */
export interface IPostgresDatabase extends IConstruct, ec2.IConnectable {
  /** Engine as secrets name it: `postgres` or `aurora-postgresql`. */
  readonly engine: string;
  /** Host name of the endpoint. */
  readonly host: string;
  /** TCP port, as text, for it may be known at deployment only. */
  readonly port: string;
  /** Database that applications connect to. */
  readonly databaseName: string;
  /** Identifier of the instance. */
  readonly dbInstanceIdentifier?: string;
  /** Secret of the master user, complete with host and port. */
  readonly adminSecret: secretsmanager.ISecret;
}
