import { App, CfnParameter, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import {
  DatabaseUser,
  DatabaseUserProvider,
  EncryptionKey,
  IamDatabaseUser,
  IPostgresDatabase,
  Privileges,
  RotatingPostgres,
  RotatingPostgresProps,
} from '../../../src';
import { before, cycles, ids } from '../support/graph';
import { isolatedVpc, logicalId, only, resourcesOf } from '../support/stacks';

const USER = 'Custom::RotatingPostgresUser';

/** A `RotatingPostgres`, what is added to it, and the template. */
function withUsers<T>(add: (db: RotatingPostgres) => T, props: Partial<RotatingPostgresProps> = {}) {
  const stack = new Stack(new App(), 'Stack');
  const db = new RotatingPostgres(stack, 'Orders', { vpc: isolatedVpc(stack), ...props });
  const added = add(db);
  return { stack, db, added, template: Template.fromStack(stack) };
}

/** The properties of the custom resource of an added user. */
const user = (template: Template, name: string) => only(template, USER, `OrdersUser${name}`)[1].Properties;

/** The logical id of the custom resource of a user. */
const resourceOf = (construct: Construct) => logicalId(construct.node.findChild('Resource'));

/** A database that somebody else made, in which a provider creates users. */
class Elsewhere extends Construct implements IPostgresDatabase {
  readonly engine = 'postgres';
  readonly port = '5432';
  readonly databaseName = 'app';
  readonly adminSecret = secretsmanager.Secret.fromSecretNameV2(this, 'Admin', 'admin');
  readonly connections = new ec2.Connections({ defaultPort: ec2.Port.POSTGRES });

  constructor(
    scope: Construct,
    id: string,
    readonly resourceId?: string,
    readonly host = `${id.toLowerCase()}.example.com`,
  ) {
    super(scope, id);
  }
}

function elsewhere(resourceId?: string) {
  const stack = new Stack(new App(), 'Stack');
  const vpc = isolatedVpc(stack);
  const encryptionKey = new EncryptionKey(stack, 'Key');
  const server = (id: string) =>
    new DatabaseUserProvider(stack, `${id}Provider`, { vpc, database: new Elsewhere(stack, id, resourceId) });
  return { stack, encryptionKey, provider: server('One'), other: () => server('Two') };
}

test("the application's user has the properties that it has always had", () => {
  const { template, db } = withUsers(() => undefined);
  expect(Object.keys(only(template, USER)[1].Properties).sort()).toEqual([
    'ServiceTimeout',
    'ServiceToken',
    'adminSecretArn',
    'database',
    'dbInstanceIdentifier',
    'engine',
    'host',
    'port',
    'privileges',
    'secretArn',
    'strategy',
    'username',
  ]);
  expect(only(template, USER)[1].Properties).toMatchObject({
    username: 'app',
    privileges: 'owner',
    secretArn: { Ref: logicalId(db.secret) },
  });
});

describe('addUser', () => {
  const { template, db, added } = withUsers(some => some.addUser('reports', { privileges: Privileges.readOnly() }), {
    naming: { environment: 'production', application: 'orders' },
    schedule: { automaticallyAfter: Duration.days(7) },
  });

  test("makes a user who reads what the application's user owns, with a secret and a key as that one", () => {
    expect(user(template, 'reports')).toMatchObject({
      username: 'reports',
      privileges: 'readOnly',
      owner: 'app',
      strategy: 'alternating',
      secretArn: { Ref: logicalId(added.secret) },
    });
    expect(user(template, 'reports')).not.toHaveProperty('schemas');
    expect(only(template, 'AWS::SecretsManager::Secret', 'OrdersUserreports')[1].Properties).toMatchObject({
      Name: 'production/orders/database_reports',
      KmsKeyId: { 'Fn::GetAtt': [logicalId(db.encryptionKey), 'Arn'] },
    });
  });

  test('rotates it by the same function and schedule, which another one may replace', () => {
    const [, { Properties }] = only(template, 'AWS::SecretsManager::RotationSchedule', 'OrdersUserreports');
    expect(Properties).toMatchObject({
      RotationLambdaARN: { 'Fn::GetAtt': [logicalId(db.rotationFunction.function), 'Arn'] },
      RotationRules: { AutomaticallyAfterDays: 7 },
    });
    const own = withUsers(some =>
      some.addUser('reports', { schedule: { automaticallyAfter: Duration.days(2) } }),
    ).template;
    expect(only(own, 'AWS::SecretsManager::RotationSchedule', 'OrdersUserreports')[1].Properties.RotationRules).toEqual(
      { AutomaticallyAfterDays: 2 },
    );
  });

  test('creates the owner before, and rotates the admin after; nothing waits for itself', () => {
    expect([...before(template, resourceOf(added))]).toContain(resourceOf(db.user));
    expect([...before(template, only(template, 'AWS::SecretsManager::RotationSchedule', 'AdminRotation')[0])]).toEqual(
      expect.arrayContaining(ids(template, USER)),
    );
    expect(cycles(template)).toEqual([]);
  });

  test("watches its rotation as the application user's", () => {
    const pattern = JSON.stringify(only(template, 'AWS::Events::Rule')[1].Properties.EventPattern);
    for (const secret of [db.secret, added.secret]) expect(pattern).toContain(logicalId(secret));
  });

  test('lets a revocation revoke it, whichever is made first', () => {
    for (const first of [true, false]) {
      const revoked = withUsers(some => {
        if (first) some.revocationFunction;
        some.addUser('reports');
        some.revocationFunction;
      }).template;
      const policy = JSON.stringify(only(revoked, 'AWS::IAM::Policy', 'Revocation')[1].Properties);
      for (const [secret] of ['OrdersUserSecret', 'OrdersUserreportsSecret'].map(part =>
        only(revoked, 'AWS::SecretsManager::Secret', part),
      )) {
        expect(policy).toContain(`"${secret}"`);
      }
    }
  });

  test('gives it nothing but CONNECT unasked', () => {
    expect(user(withUsers(some => some.addUser('reports')).template, 'reports').privileges).toBe('connect');
  });

  test('changes nothing of what was there but what lists secrets', () => {
    const lists = ['AWS::Events::Rule', 'AWS::IAM::Policy', 'Custom::RotatingPostgresFirstRotation'];
    const alone = resourcesOf(withUsers(() => undefined).template);
    const later = resourcesOf(withUsers(some => some.addUser('reports')).template);
    for (const [id, { Type, Properties }] of Object.entries(alone)) {
      if (!lists.includes(Type)) expect([id, later[id].Properties]).toEqual([id, Properties]);
    }
  });
});

test('privileges in schemas and further databases are told to the function', () => {
  const { template } = withUsers(db =>
    db.addUser('reports', {
      privileges: Privileges.readWrite({ schemas: ['public', 'sales'] }),
      furtherDatabases: [
        { databaseName: 'archive', privileges: Privileges.readOnly({ ownerName: 'legacy', schemas: ['old'] }) },
        { databaseName: 'postgres', privileges: Privileges.connect() },
        { databaseName: 'events', privileges: Privileges.readOnly() },
      ],
    }),
  );
  const { privileges, owner, schemas, furtherGrants } = user(template, 'reports') as Record<string, string>;
  expect([privileges, owner, JSON.parse(schemas), JSON.parse(furtherGrants)]).toEqual([
    'readWrite',
    'app',
    ['public', 'sales'],
    [
      { database: 'archive', privileges: 'readOnly', owner: 'legacy', schemas: ['old'] },
      { database: 'postgres', privileges: 'connect' },
      { database: 'events', privileges: 'readOnly', owner: 'app' },
    ],
  ]);
});

test('the name of a further database may be known at deployment only', () => {
  const { template } = withUsers(db =>
    db.addUser('reports', {
      furtherDatabases: [
        { databaseName: new CfnParameter(db, 'Archive').valueAsString, privileges: Privileges.connect() },
      ],
    }),
  );
  expect(user(template, 'reports').furtherGrants).toEqual({
    'Fn::Join': ['', ['[{"database":"', { Ref: expect.stringContaining('Archive') }, '","privileges":"connect"}]']],
  });
});

test.each([
  [undefined, undefined, 'Retain'],
  [RemovalPolicy.SNAPSHOT, undefined, 'Retain'],
  [RemovalPolicy.DESTROY, 'drop', 'Delete'],
])('a user that leaves the stack by %s', (removalPolicy, onDelete, deletionPolicy) => {
  const { template, db } = withUsers(some => [
    some.addUser('reports', { removalPolicy }),
    some.addIamUser('jobs', { removalPolicy }),
  ]);
  for (const name of ['reports', 'jobs']) {
    const [, resource] = only(template, USER, `OrdersUser${name}`);
    expect([resource.Properties.onDelete, resource.DeletionPolicy]).toEqual([onDelete, deletionPolicy]);
  }
  expect(only(template, 'AWS::SecretsManager::Secret', 'OrdersUserreports')[1].DeletionPolicy).toBe(deletionPolicy);
  expect(resourcesOf(template)[resourceOf(db.user)].Properties).not.toHaveProperty('onDelete');
});

test('an added user goes with its RotatingPostgres unless told otherwise', () => {
  const { template } = withUsers(
    db => [db.addUser('reports'), db.addUser('audit', { removalPolicy: RemovalPolicy.RETAIN })],
    {
      removalPolicy: RemovalPolicy.DESTROY,
    },
  );
  expect(user(template, 'reports').onDelete).toBe('drop');
  expect(user(template, 'audit').onDelete).toBeUndefined();
});

describe('a user without a password', () => {
  const { template, db, added, stack } = withUsers(some => {
    const jobs = some.addIamUser('jobs', { privileges: Privileges.readOnly({ schemas: ['public'] }) });
    jobs
      .grantConnect(new iam.Role(some, 'Reader', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') }))
      .assertSuccess();
    return jobs;
  });

  test('has no secret, and nothing to rotate', () => {
    expect(ids(template, 'AWS::SecretsManager::Secret')).toHaveLength(2);
    expect(ids(template, 'AWS::SecretsManager::RotationSchedule')).toHaveLength(2);
    const properties = user(template, 'jobs');
    expect(properties).toMatchObject({
      authentication: 'iam',
      username: 'jobs',
      privileges: 'readOnly',
      owner: 'app',
      schemas: '["public"]',
    });
    for (const name of ['secretArn', 'strategy']) expect(properties).not.toHaveProperty(name);
  });

  test('is created after the owner and what the function needs', () => {
    const done = [...before(template, resourceOf(added))];
    expect(done).toEqual(
      expect.arrayContaining([
        resourceOf(db.user),
        ...ids(template, 'AWS::IAM::Policy', 'UserProviderInVpcSecretAccess'),
        ...ids(template, 'AWS::EC2::SecurityGroupIngress', 'UserProvider'),
      ]),
    );
    expect(cycles(template)).toEqual([]);
  });

  test('is logged in as by whom grantConnect allows exactly that', () => {
    const [, { Properties }] = only(template, 'AWS::IAM::Policy', 'Reader');
    expect((Properties.PolicyDocument as { Statement: unknown[] }).Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'rds-db:connect',
        Resource: {
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
              { 'Fn::GetAtt': [only(template, 'AWS::RDS::DBInstance')[0], 'DbiResourceId'] },
              '/jobs',
            ],
          ],
        },
      },
    ]);
  });

  test("tells a program where the database is, in the variables of PostgreSQL's own clients", () => {
    const [instance] = only(template, 'AWS::RDS::DBInstance');
    expect(stack.resolve(added.environment)).toEqual({
      PGHOST: { 'Fn::GetAtt': [instance, 'Endpoint.Address'] },
      PGPORT: { 'Fn::GetAtt': [instance, 'Endpoint.Port'] },
      PGDATABASE: 'app',
      PGUSER: 'jobs',
    });
  });

  test('is refused by a database that takes no login through IAM', () => {
    const { stack: other, provider } = elsewhere();
    expect(() => new IamDatabaseUser(other, 'Jobs', { provider, username: 'jobs' })).toThrow(
      'Stack/Jobs: the database (Stack/One) does not accept logins through IAM',
    );
    const named = elsewhere('db-ABC');
    expect(
      () => new IamDatabaseUser(named.stack, 'Jobs', { provider: named.provider, username: 'jobs' }),
    ).not.toThrow();
  });

  test.each(['', 'j*', 'a?', 'b$c', 'a/b', 'with space', 'a'.repeat(64)])(
    'is not named %j, which an ARN would not hold as it is',
    username => {
      expect(() => db.addIamUser(username)).toThrow(`'username' is '${username}'; it stands in the ARN`);
    },
  );

  test.each(['postgres', 'pg_jobs', 'app_clone'])('is not named %s', username => {
    expect(() => db.addIamUser(username)).toThrow(`'username' is '${username}'`);
  });

  test('may have a name that is known at deployment only', () => {
    const { stack: other, provider } = elsewhere('db-ABC');
    const username = new CfnParameter(other, 'Name').valueAsString;
    expect(() => new IamDatabaseUser(other, 'Jobs', { provider, username })).not.toThrow();
  });
});

test('grantConnect of a user with a password is an error that says why', () => {
  const { db } = withUsers(() => undefined);
  expect(() => db.user.grantConnect(new iam.AccountRootPrincipal())).toThrow(
    /Stack\/Orders\/User: 'grantConnect' .* rds_iam, with which RDS refuses the password/,
  );
});

describe('refused with the place, the value and the way out:', () => {
  const refused = (add: (db: RotatingPostgres) => unknown, message: string, props = {}) =>
    expect(() => withUsers(add, props)).toThrow(message);

  test("the name of the application's user, and the same name twice", () => {
    refused(db => db.addUser('app'), "Stack/Orders/User-app: 'username' is 'app', which Stack/Orders/User has already");
    refused(db => db.addIamUser('app'), "'username' is 'app', which Stack/Orders/User has already");
    refused(db => [db.addUser('reports'), db.addIamUser('reports')], "already a Construct with name 'User-reports'");
  });

  test('a second owner of a database', () => {
    refused(
      db => db.addUser('second', { privileges: Privileges.owner() }),
      "make 'second' the owner of 'app', which Stack/Orders/User is already",
    );
    const furtherDatabases = [{ databaseName: 'archive', privileges: Privileges.owner() }];
    refused(
      db => [db.addUser('one', { furtherDatabases }), db.addUser('two', { furtherDatabases })],
      "the owner of 'archive', which Stack/Orders/User-one is",
    );
  });

  test('a reader of nobody', () => {
    const { stack, provider, encryptionKey } = elsewhere();
    const reader = (privileges: Privileges) =>
      new DatabaseUser(stack, 'Reader', { provider, encryptionKey, username: 'reader', privileges });
    expect(() => reader(Privileges.readOnly())).toThrow("Stack/Reader: 'privileges' is readOnly without an owner");
    refused(
      db => db.addUser('reports', { privileges: Privileges.readWrite() }),
      'write Privileges.readWrite({ owner: … })',
      { privileges: Privileges.connect() },
    );
  });

  test('an owner of another server, of two names, or the user itself', () => {
    const { stack, provider, other, encryptionKey } = elsewhere();
    const owner = new DatabaseUser(stack, 'Owner', { provider: other(), encryptionKey });
    const reader = (id: string, privileges: Privileges) => () =>
      new DatabaseUser(stack, id, { provider, encryptionKey, username: 'reader', privileges });
    expect(reader('A', Privileges.readOnly({ owner }))).toThrow(
      "Stack/A: the 'owner' of 'privileges' (Stack/Owner) is a user of another server (Stack/Two)",
    );
    expect(reader('B', Privileges.readOnly({ owner, ownerName: 'legacy' }))).toThrow(
      "name an 'owner' (Stack/Owner) and an 'ownerName' ('legacy')",
    );
    expect(reader('C', Privileges.readOnly({ ownerName: 'reader' }))).toThrow("readOnly of 'reader', the user itself");
  });

  test('no schema, and a database twice', () => {
    refused(db => db.addUser('reports', { privileges: Privileges.readOnly({ schemas: [] }) }), "'schemas' is empty");
    const further = (...names: string[]) =>
      names.map(databaseName => ({ databaseName, privileges: Privileges.connect() }));
    refused(
      db => db.addUser('reports', { furtherDatabases: further('app') }),
      "'furtherDatabases' has 'app', the user's own database",
    );
    refused(
      db => db.addUser('reports', { furtherDatabases: further('a', 'b', 'a') }),
      "'furtherDatabases' has 'a', and has it already",
    );
  });
});
