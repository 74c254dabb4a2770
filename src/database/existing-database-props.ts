import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

/** Properties of an existing database that aws-cdk-lib's constructs do not expose. */
export interface ExistingDatabaseProps {
  /**
   * Name of the database that applications connect to. Deploying the user creates it if it does not exist and the
   * privileges are `owner` or `connect`.
   */
  readonly databaseName: string;
  /**
   * Secret of the master user, or of another role that may create roles. It has AWS's JSON shape, or is a secret that
   * Amazon RDS manages. Import a secret with a customer managed key together with its key
   * (`Secret.fromSecretAttributes`). The key policy must allow identity policies of the account to use the key through
   * Secrets Manager.
   * @default - the secret that the instance or cluster has created or was imported with
   */
  readonly adminSecret?: secretsmanager.ISecret;
}

/**
 * Attributes of a database that has no construct in aws-cdk-lib: on EC2, on premises, or known by its attributes only.
 */
export interface PostgresDatabaseAttributes {
  /** Host name. The server's certificate must be valid for it. */
  readonly host: string;
  /**
   * TCP port.
   * @default 5432
   */
  readonly port?: number;
  /**
   * Name of the database that applications connect to. Deploying the user creates it if it does not exist and the
   * privileges are `owner` or `connect`.
   */
  readonly databaseName: string;
  /** Secret of a role that may create roles. It has AWS's JSON shape, or is a secret that Amazon RDS manages. */
  readonly adminSecret: secretsmanager.ISecret;
  /**
   * Security groups of the database. Rules for the functions and for consumers are added to them.
   * @default - none; `peer` is then required
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
  /**
   * Address of a database without a security group, such as `ec2.Peer.ipv4('10.20.0.5/32')`. Its firewall must admit
   * the functions.
   * @default - none; `securityGroups` is then required
   */
  readonly peer?: ec2.IPeer;
  /**
   * Value of the secret's `engine` field: `postgres` or `aurora-postgresql`.
   * @default 'postgres'
   */
  readonly engine?: string;
  /**
   * Host name of a read-only endpoint with the same port.
   * @default - none
   */
  readonly readerHost?: string;
  /**
   * Identifier of the RDS instance, if the database is one.
   * @default - none
   */
  readonly dbInstanceIdentifier?: string;
  /**
   * Identifier of the cluster, if the database is one.
   * @default - none
   */
  readonly dbClusterIdentifier?: string;
  /**
   * Resource id of the instance (`db-…`) or cluster (`cluster-…`), for IAM authentication.
   * @default - none; users cannot log in through IAM
   */
  readonly resourceId?: string;
}
