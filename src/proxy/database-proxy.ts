import { Duration, Fn, Names } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import { ProxyAuthentication } from './proxy-authentication';
import { connectArn } from '../access/connect-arn';
import { IPostgresDatabase } from '../database/postgres-database';
import { allow } from '../network/security-group-rules';
import { innermostSubnets } from '../network/subnets';
import { after } from '../private/after';
import { fail } from '../private/errors';
import { READERS_FROM_OUTSIDE } from '../private/secret-roles';
import { IamDatabaseUser } from '../user/iam-database-user';

/** RDS Proxy for PostgreSQL always listens on this port, regardless of the database's port. */
const PORT = ec2.Port.tcp(5432);

/** RDS allows names of up to 63 characters. */
const LONGEST_NAME = 60;

/** Construct id of the rules between the proxy and its database. */
const RULES = 'Database';

/** Properties of a `DatabaseProxy`. */
export interface DatabaseProxyProps {
  /** VPC of the database, in which the proxy runs. */
  readonly vpc: ec2.IVpc;
  /** Database that the proxy connects to: an RDS instance or cluster. */
  readonly database: IPostgresDatabase;
  /** The users that may log in through the proxy, and their authentication method. */
  readonly authentication: ProxyAuthentication;
  /**
   * How long a client connection may be idle before the proxy closes it, up to 8 hours.
   * @default Duration.minutes(30)
   */
  readonly idleClientTimeout?: Duration;
}

/**
 * An RDS Proxy for a database, for consumers that open many connections, such as Lambda functions. Clients must use
 * TLS.
 *
 * Rotation connects to the database and never to the proxy. A proxy has a certificate of a public certificate
 * authority, not of Amazon RDS. Programs with the client package pass the proxy's `host` as its option `host`. Admit a
 * consumer with `connections`.
 */
export class DatabaseProxy extends Construct implements ec2.IConnectable {
  /** Host name of the proxy, which connects to the writer. */
  public readonly host: string;
  /** TCP port, as a string. */
  public readonly port = '5432';
  /** Network connections of the proxy. The default port is 5432. */
  public readonly connections: ec2.Connections;
  /** Role with which the proxy reads its secrets, if it has any. `SecretGuard.denyReadsOutsideEndpoint` exempts it. */
  public readonly role: iam.Role;
  /** The underlying proxy. */
  public readonly proxy: rds.CfnDBProxy;

  constructor(scope: Construct, id: string, props: DatabaseProxyProps) {
    super(scope, id);
    const { vpc, database } = props;
    const { auth, defaultAuthScheme, secrets = [], statements } = props.authentication._setUp(this, database);
    this.role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('rds.amazonaws.com'),
      inlinePolicies: { Login: new iam.PolicyDocument({ statements }) },
    });
    for (const secret of secrets) READERS_FROM_OUTSIDE.add(secret, this.role);
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'RDS Proxy',
      allowAllOutbound: false,
    });
    this.connections = new ec2.Connections({ securityGroups: [securityGroup], defaultPort: PORT });
    this.reach(database, securityGroup);

    this.proxy = new rds.CfnDBProxy(this, 'Proxy', {
      dbProxyName: Names.uniqueResourceName(this, { maxLength: LONGEST_NAME, separator: '-' }).toLowerCase(),
      engineFamily: 'POSTGRESQL',
      auth: auth ?? [],
      roleArn: this.role.roleArn,
      requireTls: true,
      idleClientTimeout: props.idleClientTimeout?.toSeconds(),
      vpcSubnetIds: vpc.selectSubnets(innermostSubnets(this, vpc)).subnetIds,
      vpcSecurityGroupIds: [securityGroup.securityGroupId],
    });
    if (!auth) this.proxy.addPropertyDeletionOverride('Auth');
    if (defaultAuthScheme) this.proxy.addPropertyOverride('DefaultAuthScheme', defaultAuthScheme);
    this.host = this.proxy.attrEndpoint;
    this.addTargets(database);
  }

  /** Allows the grantee to log in to the proxy as this user only (`rds-db:connect`). */
  public grantConnect(grantee: iam.IGrantable, user: IamDatabaseUser): iam.Grant {
    // `arn:aws:rds:eu-west-1:111122223333:db-proxy:prx-…`
    const resourceId = Fn.select(6, Fn.split(':', this.proxy.attrDbProxyArn));
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['rds-db:connect'],
      resourceArns: [connectArn(this, resourceId, user.username)],
    });
  }
  private reach(database: IPostgresDatabase, from: ec2.ISecurityGroup): void {
    const to = database.connections;
    const port =
      to.defaultPort ??
      fail(this, `the connections of 'database' (${database.node.path}) have no default port; give them one`);
    allow(this, RULES, { from, to, port, description: 'RDS Proxy', ingress: true });
  }

  private addTargets(database: IPostgresDatabase): void {
    const rules = this.node.tryFindChild(RULES);
    const targets = new rds.CfnDBProxyTargetGroup(this, 'Targets', {
      dbProxyName: this.proxy.ref,
      targetGroupName: 'default',
      ...target(this, database),
    });
    after(targets, [database, ...(rules ? [rules] : [])]);
  }
}

function target(scope: Construct, { dbInstanceIdentifier, dbClusterIdentifier, node }: IPostgresDatabase) {
  if (dbClusterIdentifier) return { dbClusterIdentifiers: [dbClusterIdentifier] };
  if (dbInstanceIdentifier) return { dbInstanceIdentifiers: [dbInstanceIdentifier] };
  return fail(
    scope,
    `'database' (${node.path}) is no instance or cluster of Amazon RDS, which RDS Proxy ` +
      'requires; if it is one, set its' +
      " 'dbInstanceIdentifier' or 'dbClusterIdentifier'",
  );
}
