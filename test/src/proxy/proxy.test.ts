import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import {
  DatabaseProxy,
  DatabaseSource,
  PostgresDatabase,
  PostgresInstance,
  ProxyAuthentication,
  RotatingPostgres,
  RotatingPostgresProps,
  RotationStrategy,
} from '../../../src';
import { before, cycles, ids } from '../support/graph';
import { isolatedVpc, logicalId, only } from '../support/stacks';

const SINGLE = { strategy: RotationStrategy.SINGLE_USER };

/** A database with a proxy that is made of it. */
function proxied(
  authentication: (db: RotatingPostgres) => ProxyAuthentication,
  props: Partial<RotatingPostgresProps> = {},
) {
  const stack = new Stack(new App(), 'Stack');
  const vpc = isolatedVpc(stack);
  const db = new RotatingPostgres(stack, 'Orders', { vpc, ...props });
  const proxy = new DatabaseProxy(stack, 'Proxy', { vpc, database: db.database, authentication: authentication(db) });
  return { stack, vpc, db, proxy };
}
const withSecrets = (props: Partial<RotatingPostgresProps> = SINGLE) =>
  proxied(db => ProxyAuthentication.secrets([db.user]), props);
const withIam = (props: Partial<RotatingPostgresProps> = {}) =>
  proxied(db => ProxyAuthentication.iam([db.addIamUser('jobs')]), props);
const proxyOf = (template: Template) => only(template, 'AWS::RDS::DBProxy')[1].Properties;
const roleStatements = (template: Template) => {
  const [{ PolicyDocument }] = only(template, 'AWS::IAM::Role', 'ProxyRole')[1].Properties.Policies as {
    PolicyDocument: { Statement: object[] };
  }[];
  return PolicyDocument.Statement;
};

describe('a proxy by password', () => {
  const { stack, db, proxy } = withSecrets();
  const template = Template.fromStack(stack);

  test('logs in with the secret of each user, by SCRAM', () => {
    expect(proxyOf(template)).toMatchObject({
      EngineFamily: 'POSTGRESQL',
      RequireTLS: true,
      Auth: [
        {
          AuthScheme: 'SECRETS',
          ClientPasswordAuthType: 'POSTGRES_SCRAM_SHA_256',
          IAMAuth: 'DISABLED',
          SecretArn: { Ref: logicalId(db.secret) },
        },
      ],
    });
    expect(proxyOf(template)).not.toHaveProperty('DefaultAuthScheme');
  });

  test('may read these secrets and decrypt them, nothing else', () => {
    const secret = { Ref: logicalId(db.secret) };
    expect(roleStatements(template)).toEqual([
      { Action: 'secretsmanager:GetSecretValue', Effect: 'Allow', Resource: secret },
      {
        Action: 'kms:Decrypt',
        Effect: 'Allow',
        Resource: { 'Fn::GetAtt': [logicalId(db.encryptionKey), 'Arn'] },
        Condition: { StringEquals: { 'kms:ViaService': expect.anything(), 'kms:EncryptionContext:SecretARN': secret } },
      },
    ]);
  });

  test('reaches the database and nothing else, and admits nobody by itself', () => {
    const group = { 'Fn::GetAtt': [logicalId(proxy.connections.securityGroups[0]), 'GroupId'] };
    const database = { 'Fn::GetAtt': [logicalId(db.connections.securityGroups[0]), 'GroupId'] };
    expect(only(template, 'AWS::EC2::SecurityGroupEgress', 'ProxyDatabase')[1].Properties).toMatchObject({
      GroupId: group,
      DestinationSecurityGroupId: database,
    });
    expect(only(template, 'AWS::EC2::SecurityGroupIngress', 'ProxyDatabase')[1].Properties).toMatchObject({
      GroupId: database,
      SourceSecurityGroupId: group,
    });
    expect(
      only(template, 'AWS::EC2::SecurityGroup', 'ProxySecurityGroup')[1].Properties.SecurityGroupIngress,
    ).toBeUndefined();
  });

  test('is behind a port that consumers are admitted to', () => {
    const made = withSecrets();
    made.proxy.connections.allowDefaultPortFrom(new ec2.SecurityGroup(made.stack, 'Consumer', { vpc: made.vpc }));
    const rendered = Template.fromStack(made.stack);
    expect(only(rendered, 'AWS::EC2::SecurityGroupIngress', 'ProxySecurityGroup')[1].Properties).toMatchObject({
      FromPort: 5432,
      ToPort: 5432,
    });
    expect(cycles(rendered)).toEqual([]);
    expect(made.stack.resolve(made.proxy.host)).toEqual({
      'Fn::GetAtt': [only(rendered, 'AWS::RDS::DBProxy')[0], 'Endpoint'],
    });
  });

  test('sits in the innermost subnets', () => {
    const made = withSecrets();
    const vpc = new ec2.Vpc(made.stack, 'Layered', {
      maxAzs: 2,
      subnetConfiguration: [
        { name: 'Public', subnetType: ec2.SubnetType.PUBLIC },
        { name: 'Private', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
        { name: 'Inner', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      ],
    });
    new DatabaseProxy(made.stack, 'Layered2', {
      vpc,
      database: made.db.database,
      authentication: ProxyAuthentication.secrets([made.db.user]),
    });
    const subnets = only(Template.fromStack(made.stack), 'AWS::RDS::DBProxy', 'Layered2')[1].Properties
      .VpcSubnetIds as { Ref: string }[];
    expect(subnets.map(({ Ref }) => Ref)).toEqual([expect.stringContaining('Inner'), expect.stringContaining('Inner')]);
  });

  test('has no part in rotation: the function knows the database only', () => {
    const [
      ,
      {
        Properties: { Environment },
      },
    ] = only(template, 'AWS::Lambda::Function', 'RotationFunction');
    expect(JSON.stringify(Environment)).not.toContain(only(template, 'AWS::RDS::DBProxy')[0]);
  });

  test('closes idle connections of clients as it is told', () => {
    const {
      stack: other,
      vpc,
      db: { database, user },
    } = withSecrets();
    new DatabaseProxy(other, 'Patient', {
      vpc,
      database,
      authentication: ProxyAuthentication.secrets([user]),
      idleClientTimeout: Duration.hours(1),
    });
    expect(only(Template.fromStack(other), 'AWS::RDS::DBProxy', 'Patient')[1].Properties.IdleClientTimeout).toBe(3600);
  });
});

describe('a proxy by IAM from end to end', () => {
  const { stack, db, proxy } = withIam();
  const grantee = new iam.Role(stack, 'Consumer', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  proxy
    .grantConnect(grantee, db.node.findChild('User-jobs') as ReturnType<RotatingPostgres['addIamUser']>)
    .assertSuccess();
  const template = Template.fromStack(stack);
  const userArn = (...resource: unknown[]) => ({
    'Fn::Join': [
      '',
      [
        'arn:',
        { Ref: 'AWS::Partition' },
        ':rds-db:',
        { Ref: 'AWS::Region' },
        ':',
        { Ref: 'AWS::AccountId' },
        ':dbuser:',
        ...resource,
        '/jobs',
      ],
    ],
  });

  test('has no secret', () => {
    expect(proxyOf(template)).toMatchObject({ DefaultAuthScheme: 'IAM_AUTH', RequireTLS: true });
    expect(proxyOf(template)).not.toHaveProperty('Auth');
  });

  test('logs in to the database as these users only', () => {
    const resourceId = { 'Fn::GetAtt': [logicalId((db.database as PostgresInstance).instance), 'DbiResourceId'] };
    expect(roleStatements(template)).toEqual([
      { Action: 'rds-db:connect', Effect: 'Allow', Resource: userArn(resourceId) },
    ]);
  });

  test('lets in whoever may be that user of the proxy', () => {
    const arn = { 'Fn::GetAtt': [only(template, 'AWS::RDS::DBProxy')[0], 'DBProxyArn'] };
    const [
      ,
      {
        Properties: { PolicyDocument },
      },
    ] = only(template, 'AWS::IAM::Policy', 'Consumer');
    expect(PolicyDocument).toMatchObject({
      Statement: [{ Action: 'rds-db:connect', Resource: userArn({ 'Fn::Select': [6, { 'Fn::Split': [':', arn] }] }) }],
    });
  });

  test('is refused for a database that takes no login through IAM', () => {
    expect(() => withIam({ database: DatabaseSource.multiAzCluster() })).toThrow('does not accept logins through IAM');
  });
});

describe('the target', () => {
  test.each([
    ['an instance', DatabaseSource.instance(), 'AWS::RDS::DBInstance', 'DBInstanceIdentifiers'],
    [
      'an Aurora cluster, once it has a writer',
      DatabaseSource.aurora({ readers: 0 }),
      'AWS::RDS::DBCluster',
      'DBClusterIdentifiers',
    ],
    ['a Multi-AZ DB cluster', DatabaseSource.multiAzCluster(), 'AWS::RDS::DBCluster', 'DBClusterIdentifiers'],
  ])('is %s', (_, database, type, property) => {
    const template = Template.fromStack(withSecrets({ ...SINGLE, database }).stack);
    const [id, { Properties }] = only(template, 'AWS::RDS::DBProxyTargetGroup');
    expect(Properties).toMatchObject({ TargetGroupName: 'default', [property]: [{ Ref: only(template, type)[0] }] });
    const servers = Object.entries(template.toJSON().Resources as Record<string, { Type: string }>).filter(
      ([, { Type }]) => /DB(Instance|Cluster)$/.test(Type),
    );
    expect([...before(template, id)]).toEqual(
      expect.arrayContaining([
        ...servers.map(([server]) => server),
        ...ids(template, 'AWS::EC2::SecurityGroupIngress', 'ProxyDatabase'),
      ]),
    );
  });

  test('is nothing outside of Amazon RDS', () => {
    const stack = new Stack(new App(), 'Stack');
    const vpc = isolatedVpc(stack);
    const database = PostgresDatabase.fromAttributes(stack, 'Database', {
      host: 'db.example.com',
      databaseName: 'orders',
      peer: ec2.Peer.ipv4('10.0.0.5/32'),
      adminSecret: secretsmanager.Secret.fromSecretNameV2(stack, 'Admin', 'admin'),
    });
    const db = RotatingPostgres.adopt(stack, 'Orders', { vpc, database, ...SINGLE });
    expect(
      () =>
        new DatabaseProxy(stack, 'Proxy', { vpc, database, authentication: ProxyAuthentication.secrets([db.user]) }),
    ).toThrow("Stack/Proxy: 'database' (Stack/Database) is no instance or cluster of Amazon RDS");
  });
});

describe('refused is', () => {
  const WHY = 'alternates between two logins on one secret. RDS Proxy knows only the login that is in AWSCURRENT';

  test('a user that alternates between two logins on one secret', () => {
    expect(() => withSecrets({})).toThrow(`Stack/Proxy: 'authentication' has the user Stack/Orders/User, which ${WHY}`);
    expect(() => withSecrets({})).toThrow('Give the user RotationStrategy.SINGLE_USER');
  });

  test('such a user behind a proxy that the app makes by itself', () => {
    const own = (props: Partial<RotatingPostgresProps>) => {
      const stack = new Stack(new App(), 'Stack');
      const vpc = isolatedVpc(stack);
      const db = new RotatingPostgres(stack, 'Orders', { vpc, ...props });
      new rds.DatabaseProxy(stack, 'Own', {
        vpc,
        vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
        secrets: [db.secret],
        proxyTarget: rds.ProxyTarget.fromInstance((db.database as PostgresInstance).instance),
      });
      return stack;
    };
    expect(() => Template.fromStack(own({}))).toThrow(
      `'Stack/Own/Resource' is an RDS Proxy for the user Stack/Orders/User, which ${WHY}`,
    );
    expect(() => Template.fromStack(own(SINGLE))).not.toThrow();
  });

  test('a proxy for nobody, and one for users of another database', () => {
    expect(() => proxied(() => ProxyAuthentication.secrets([]))).toThrow(
      "'authentication' is ProxyAuthentication.secrets([])",
    );
    expect(() => proxied(() => ProxyAuthentication.iam([]))).toThrow("'authentication' is ProxyAuthentication.iam([])");
    const {
      stack,
      vpc,
      db: { user },
    } = withSecrets();
    const other = new RotatingPostgres(stack, 'Invoices', { vpc });
    expect(
      () =>
        new DatabaseProxy(stack, 'Wrong', {
          vpc,
          database: other.database,
          authentication: ProxyAuthentication.secrets([user]),
        }),
    ).toThrow("'authentication' has the user Stack/Orders/User of another database (Stack/Orders/Database)");
  });
});
