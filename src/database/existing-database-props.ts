import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

/** What aws-cdk-lib's constructs do not tell of a database that is there already. */
export interface ExistingDatabaseProps {
  /** Database that applications connect to. The user's deployment creates it when the server has none of this name. */
  readonly databaseName: string;
  /**
   * Secret of the master user, or of another role that may create roles: in AWS's JSON shape, or one that Amazon RDS
   * manages. Import it with its key, if it has one of yours (`Secret.fromSecretAttributes`), and see that the key's
   * policy lets identity policies of the account use it through Secrets Manager.
   * @default - the secret that the construct itself has made or was imported with
   */
  readonly adminSecret?: secretsmanager.ISecret;
}

/** Where a database is that aws-cdk-lib has no construct for: on EC2, on premises, or known by its attributes only. */
export interface PostgresDatabaseAttributes {
  /** Host name, as its certificate names it. */
  readonly host: string;
  /**
   * TCP port.
   * @default 5432
   */
  readonly port?: number;
  /** Database that applications connect to. The user's deployment creates it when the server has none of this name. */
  readonly databaseName: string;
  /** Secret of a role that may create roles: in AWS's JSON shape, or one that Amazon RDS manages. */
  readonly adminSecret: secretsmanager.ISecret;
  /**
   * Security groups of the database. They get rules for the functions, and for consumers.
   * @default - none: `peer` says where to go
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
  /**
   * Where a database without a security group is, such as `ec2.Peer.ipv4('10.20.0.5/32')`. What guards it must let the
   * functions in.
   * @default - wherever the security groups are
   */
  readonly peer?: ec2.IPeer;
  /**
   * Engine as secrets name it: `postgres` or `aurora-postgresql`.
   * @default 'postgres'
   */
  readonly engine?: string;
  /**
   * Host name for those who only read, at the same port.
   * @default - there is none
   */
  readonly readerHost?: string;
  /**
   * Identifier of the RDS instance, if it is one.
   * @default - none
   */
  readonly dbInstanceIdentifier?: string;
  /**
   * Identifier of the cluster, if it is one.
   * @default - none
   */
  readonly dbClusterIdentifier?: string;
  /**
   * Resource id of instance or cluster, for IAM authentication: `db-…` or `cluster-…`.
   * @default - no login through IAM
   */
  readonly resourceId?: string;
}
