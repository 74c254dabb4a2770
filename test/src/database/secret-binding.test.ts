import { App, CfnParameter, Duration, Stack, Tags } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import {
  DatabaseUser,
  DatabaseUserProvider,
  EncryptionKey,
  IPostgresDatabase,
  PostgresInstance,
  RotatingPostgres,
  RotationFunction,
  RotationFunctionProps,
  RotationStrategy,
} from '../../../src';
import { tagValue } from '../../../src/database/secret-binding';
import { deployed, isolatedVpc, logicalId, only } from '../support/stacks';

const { template, db } = deployed();
const endpoint = (of: typeof db) =>
  ['Address', 'Port'].map(part => ({
    'Fn::GetAtt': [logicalId((of.database as PostgresInstance).instance), `Endpoint.${part}`],
  }));
const server = (of: typeof db) => ({ 'Fn::Join': ['', [endpoint(of)[0], ':', endpoint(of)[1]]] });

function tagsOf(rendered: Template, secret: string): Record<string, unknown> {
  const tags = only(rendered, 'AWS::SecretsManager::Secret', secret)[1].Properties.Tags as {
    Key: string;
    Value: unknown;
  }[];
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
}

/** A database that somebody else made, with the admin secret of their choice. */
class Elsewhere extends Construct implements IPostgresDatabase {
  readonly engine = 'postgres';
  readonly host = 'db.example.com';
  readonly port = '5432';
  readonly databaseName = 'app';
  readonly connections = new ec2.Connections({ defaultPort: ec2.Port.POSTGRES });

  constructor(
    scope: Construct,
    readonly adminSecret: secretsmanager.ISecret,
  ) {
    super(scope, 'Elsewhere');
  }
}

/** The tags of a user of such a database. */
function tagsOfUser(adminSecret: (stack: Stack) => secretsmanager.ISecret, username?: string) {
  const stack = new Stack(new App(), 'Stack');
  const provider = new DatabaseUserProvider(stack, 'Provider', {
    vpc: isolatedVpc(stack),
    database: new Elsewhere(stack, adminSecret(stack)),
  });
  new DatabaseUser(stack, 'User', { provider, encryptionKey: new EncryptionKey(stack, 'Key'), username });
  return tagsOf(Template.fromStack(stack), 'User');
}

/** What a rotation function is told. */
function environmentOf(props: Partial<RotationFunctionProps>) {
  const stack = new Stack(new App(), 'Stack');
  const database = new Elsewhere(stack, secretsmanager.Secret.fromSecretNameV2(stack, 'Admin', 'admin'));
  new RotationFunction(stack, 'RotationFunction', { vpc: isolatedVpc(stack), database, ...props });
  return (only(Template.fromStack(stack), 'AWS::Lambda::Function')[1].Properties.Environment as { Variables: object })
    .Variables;
}

const arn = (name: string) => `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}-AbCdEf`;
const imported = (name: string) => (stack: Stack) =>
  secretsmanager.Secret.fromSecretCompleteArn(stack, 'Admin', arn(name));

test("the user's secret is bound to server, user, strategy and admin secret", () => {
  expect(tagsOf(template, 'User')).toEqual({
    'rotating-postgres:server': server(db),
    'rotating-postgres:username': 'app',
    'rotating-postgres:strategy': 'alternating',
    'rotating-postgres:admin-secret': { Ref: logicalId(db.adminSecret) },
  });
});

test('a single user is bound to the admin secret too, through which it may have to be rotated', () => {
  const single = deployed({ strategy: RotationStrategy.SINGLE_USER });
  expect(tagsOf(single.template, 'User')).toMatchObject({
    'rotating-postgres:strategy': 'single',
    'rotating-postgres:admin-secret': { Ref: logicalId(single.db.adminSecret) },
  });
});

test('the admin secret, which is there before its server, is bound to user and strategy', () => {
  expect(tagsOf(template, 'AdminSecret')).toEqual({
    'rotating-postgres:username': 'postgres',
    'rotating-postgres:strategy': 'single',
  });
});

test("tags of the user's own stand beside the binding, and do not replace it", () => {
  const stack = new Stack(new App(), 'Stack');
  Tags.of(stack).add('team', 'orders');
  Tags.of(stack).add('rotating-postgres:username', 'rdsadmin');
  new RotatingPostgres(stack, 'Orders', { vpc: isolatedVpc(stack) });
  expect(tagsOf(Template.fromStack(stack), 'User')).toMatchObject({
    team: 'orders',
    'rotating-postgres:username': 'app',
  });
});

test('a name that tags do not allow is encoded', () => {
  const username = 'Reports "2026" ü';
  const tags = tagsOf(deployed({ username }).template, 'User');
  expect(tags['rotating-postgres:username']).toBe(`base64:${Buffer.from(username).toString('base64')}`);
});

test.each(['app', 'app-1', 'a.b_c@d'])('a name that tags allow stays legible: %s', name =>
  expect(tagValue(name)).toBe(name),
);
test.each(['base64:YQ==', 'aws:app', 'AWS:app', 'two words', 'rds!db', 'naïve'])(
  'a name that would be misread is encoded: %s',
  name => {
    expect(tagValue(name)).toBe(`base64:${Buffer.from(name).toString('base64')}`);
  },
);

test(
  'an admin secret that RDS manages has an ARN that tags do not allow: it is encoded, also where only ' +
    'the deployment knows it',
  () => {
    expect(tagsOfUser(imported('rds!db-1'))['rotating-postgres:admin-secret']).toBe(
      `base64:${Buffer.from(arn('rds!db-1')).toString('base64')}`,
    );
    expect(tagsOfUser(imported('prod/admin'))['rotating-postgres:admin-secret']).toBe(arn('prod/admin'));
    const later = tagsOfUser(stack =>
      secretsmanager.Secret.fromSecretCompleteArn(stack, 'Admin', new CfnParameter(stack, 'Arn').valueAsString),
    );
    expect(later['rotating-postgres:admin-secret']).toEqual({
      'Fn::Join': ['', ['base64:', { 'Fn::Base64': { Ref: 'Arn' } }]],
    });
  },
);

test('an admin secret whose ARN no tag can hold is refused', () => {
  expect(() => tagsOfUser(imported('a'.repeat(185)))).not.toThrow();
  expect(() => tagsOfUser(imported('a'.repeat(200)))).toThrow(
    'Stack/User/Secret: the ARN of the admin secret (Stack/Admin) is 260 characters long',
  );
});

test('the rotation function works on its database only, and on what it is told besides', () => {
  const variables = (
    only(template, 'AWS::Lambda::Function', 'RotationFunction')[1].Properties.Environment as { Variables: object }
  ).Variables;
  expect(variables).toEqual({ ROTATING_POSTGRES_SERVERS: server(db) });
  expect(environmentOf({ furtherServers: ['replica.example.com:5432', 'proxy.example.com:6432'] })).toEqual({
    ROTATING_POSTGRES_SERVERS: 'db.example.com:5432 replica.example.com:5432 proxy.example.com:6432',
  });
});

test('each option reaches the rotation function under the name that it reads', () => {
  const options = {
    passwords: {
      length: 40,
      excludeCharacters: '-_',
      excludeLowercase: true,
      excludeUppercase: false,
      excludeNumbers: false,
      excludePunctuation: false,
      requireEachIncludedType: false,
    },
    retireAfter: Duration.hours(2),
    terminateSessions: true,
    allowMd5: true,
    allowPlaintext: false,
  };
  const variables = {
    PASSWORD_LENGTH: '40',
    EXCLUDE_CHARACTERS: '-_',
    EXCLUDE_LOWERCASE: 'true',
    EXCLUDE_UPPERCASE: 'false',
    EXCLUDE_NUMBERS: 'false',
    EXCLUDE_PUNCTUATION: 'false',
    REQUIRE_EACH_INCLUDED_TYPE: 'false',
    ROTATING_POSTGRES_RETIRE_AFTER: '7200',
    ROTATING_POSTGRES_TERMINATE_SESSIONS: 'true',
    ROTATING_POSTGRES_ALLOW_MD5: 'true',
    ROTATING_POSTGRES_ALLOW_PLAINTEXT: 'false',
  };
  expect(environmentOf(options)).toEqual({ ...variables, ROTATING_POSTGRES_SERVERS: 'db.example.com:5432' });
  const [, { Properties }] = only(
    deployed({ rotation: options }).template,
    'AWS::Lambda::Function',
    'RotationFunction',
  );
  expect(Properties.Environment).toEqual({ Variables: { ...variables, ROTATING_POSTGRES_SERVERS: expect.anything() } });
  expect(environmentOf({ retireAfter: Duration.seconds(0) })).toMatchObject({ ROTATING_POSTGRES_RETIRE_AFTER: '0' });
});

test('a login to retire is warned about where there is only one', () => {
  const warned = (props: Parameters<typeof deployed>[0]) =>
    Annotations.fromStack(deployed(props).stack).findWarning('/Stack/Orders', Match.stringLikeRegexp('does not retire'))
      .length;
  const single = { strategy: RotationStrategy.SINGLE_USER };
  expect(warned({ ...single, rotation: { retireAfter: Duration.hours(1) } })).toBe(1);
  expect(warned({ ...single, rotation: { terminateSessions: true } })).toBe(1);
  expect(warned({ ...single, rotation: { allowMd5: true } })).toBe(0);
  expect(warned({ rotation: { retireAfter: Duration.hours(1), terminateSessions: true } })).toBe(0);
});
