import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import {
  DatabaseUser,
  EncryptionKey,
  type IPostgresDatabase,
  Privileges,
  RotatingPostgres,
  type RotatingPostgresProps,
  RotationFunction,
  ScheduledRotation,
} from '../../../src';
import { before, ids } from '../support/graph';
import { deployed, isolatedVpc, logicalId, only, resourcesOf } from '../support/stacks';

const SCHEDULE = 'AWS::SecretsManager::RotationSchedule';
const USER = 'Custom::RotatingPostgresUser';

/** A stack whose databases share a function and a key. */
function sharing(names: string[], users: string[] = [], context?: Record<string, unknown>) {
  const stack = new Stack(new App({ context }), 'Stack');
  const vpc = isolatedVpc(stack);
  const shared = {
    vpc,
    encryptionKey: new EncryptionKey(stack, 'Key'),
    rotationFunction: new RotationFunction(stack, 'Shared', { vpc }),
  };
  const databases = names.map(name => new RotatingPostgres(stack, name, shared));
  for (const db of databases) for (const name of users) db.addUser(name, { privileges: Privileges.connect() });
  return { stack, shared, databases };
}

const policyOf = (template: Template, part: string) => {
  const [, { Properties }] = only(template, 'AWS::IAM::Policy', part);
  return (Properties.PolicyDocument as { Statement: Record<string, unknown>[] }).Statement;
};

describe('two databases with a function for both', () => {
  const {
    stack,
    databases: [orders, invoices],
  } = sharing(['Orders', 'Invoices']);
  const template = Template.fromStack(stack);

  test('have one rotation function, and schedules that name it', () => {
    const [functionId] = only(template, 'AWS::Lambda::Function', 'SharedInVpc');
    template.allResourcesProperties(SCHEDULE, { RotationLambdaARN: { 'Fn::GetAtt': [functionId, 'Arn'] } });
    template.resourceCountIs(SCHEDULE, 4);
    template.resourceCountIs('AWS::Lambda::Permission', 1);
  });

  test('the function may work on both servers, and its group is paired with both databases', () => {
    const endpoint = (db: RotatingPostgres, part: string) => ({
      'Fn::GetAtt': [ids(template, 'AWS::RDS::DBInstance', db.node.id)[0], `Endpoint.${part}`],
    });
    const [, { Properties }] = only(template, 'AWS::Lambda::Function', 'SharedInVpc');
    expect(Properties.Environment).toEqual({
      Variables: {
        ROTATING_POSTGRES_SERVERS: {
          'Fn::Join': [
            '',
            [
              endpoint(orders, 'Address'),
              ':',
              endpoint(orders, 'Port'),
              ' ',
              endpoint(invoices, 'Address'),
              ':',
              endpoint(invoices, 'Port'),
            ],
          ],
        },
      },
    });
    const group = { 'Fn::GetAtt': [only(template, 'AWS::EC2::SecurityGroup', 'SharedInVpc')[0], 'GroupId'] };
    for (const [type, own, other] of [
      ['AWS::EC2::SecurityGroupEgress', 'GroupId', 'DestinationSecurityGroupId'],
      ['AWS::EC2::SecurityGroupIngress', 'SourceSecurityGroupId', 'GroupId'],
    ]) {
      for (const db of ['Orders', 'Invoices']) {
        const databaseGroup = {
          'Fn::GetAtt': [only(template, 'AWS::EC2::SecurityGroup', `${db}Database`)[0], 'GroupId'],
        };
        template.hasResourceProperties(type, { [own]: group, [other]: databaseGroup });
      }
    }
  });

  test('it may rotate exactly their secrets, by one policy', () => {
    const secrets = [orders, invoices].flatMap(db => [
      { Ref: logicalId(db.secret) },
      { Ref: logicalId(db.adminSecret) },
    ]);
    expect(policyOf(template, 'SharedInVpcSecretAccess')).toEqual([
      expect.objectContaining({ Action: expect.arrayContaining(['secretsmanager:PutSecretValue']), Resource: secrets }),
      {
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Effect: 'Allow',
        Resource: { 'Fn::GetAtt': [only(template, 'AWS::KMS::Key')[0], 'Arn'] },
        Condition: {
          StringEquals: { 'kms:ViaService': expect.anything(), 'kms:EncryptionContext:SecretARN': secrets },
        },
      },
    ]);
  });

  test('each schedule waits for the policy and the network rules, and nothing waits for itself', () => {
    const needed = [
      ...ids(template, 'AWS::IAM::Policy', 'SharedInVpcSecretAccess'),
      ...ids(template, 'AWS::EC2::SecurityGroupIngress', 'SharedInVpc'),
    ];
    for (const id of ids(template, SCHEDULE)) expect([...before(template, id)]).toEqual(expect.arrayContaining(needed));
    for (const id of Object.keys(resourcesOf(template))) {
      expect([id, before(template, id).has(id)]).toEqual([id, false]);
    }
  });
});

test('a further user takes at most five resources, beside a share of the policies', () => {
  const names = ['reports', 'billing', 'audit'];
  const count = (users: string[]) =>
    Object.keys(resourcesOf(Template.fromStack(sharing(['Orders'], users).stack))).length;
  const one = count(names.slice(0, 1));
  expect(one - count([])).toBeLessThanOrEqual(5);
  expect(count(names) - one).toBe(2 * 4); // secret, its guard, user, schedule
});

test('a user of another database that is given the function brings its database along', () => {
  const {
    stack,
    shared,
    databases: [orders],
  } = sharing(['Orders']);
  const own = new RotatingPostgres(stack, 'Own', { vpc: shared.vpc });
  const extra = new DatabaseUser(stack, 'Extra', {
    provider: own.userProvider,
    encryptionKey: own.encryptionKey,
    username: 'extra',
    privileges: Privileges.connect(),
  });
  extra.addRotation(orders.rotationFunction);
  const [, { Properties }] = only(Template.fromStack(stack), 'AWS::Lambda::Function', 'SharedInVpc');
  expect(JSON.stringify(Properties.Environment)).toContain(
    ids(Template.fromStack(stack), 'AWS::RDS::DBInstance', 'Own')[0],
  );
});

/** Databases that this app does not make. */
class Elsewhere extends Construct implements IPostgresDatabase {
  readonly engine = 'postgres';
  readonly port = '5432';
  readonly databaseName = 'app';
  readonly adminSecret = secretsmanager.Secret.fromSecretNameV2(this, 'Admin', 'admin');
  readonly connections: ec2.Connections;

  constructor(
    scope: Construct,
    id: string,
    readonly host: string,
    group: string,
  ) {
    super(scope, id);
    this.connections = new ec2.Connections({
      defaultPort: ec2.Port.POSTGRES,
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(this, 'Group', group)],
    });
  }
}

describe('a function made for databases elsewhere', () => {
  const elsewhere = (hosts: string[], groups = hosts) => {
    const stack = new Stack(new App(), 'Stack');
    const made = new RotationFunction(stack, 'Rotation', { vpc: isolatedVpc(stack) });
    hosts.forEach((host, index) => made.addDatabase(new Elsewhere(stack, `Database${index}`, host, groups[index])));
    return { stack, made };
  };

  test('does not repeat a rule for two databases in one security group, nor a server', () => {
    const template = Template.fromStack(
      elsewhere(['a.example.com', 'a.example.com', 'b.example.com'], ['sg-1', 'sg-1', 'sg-1']).stack,
    );
    template.resourcePropertiesCountIs('AWS::EC2::SecurityGroupIngress', { GroupId: 'sg-1' }, 1);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { ROTATING_POSTGRES_SERVERS: 'a.example.com:5432 b.example.com:5432' } },
    });
  });

  test('adds a database once', () => {
    const { stack, made } = elsewhere([]);
    const database = new Elsewhere(stack, 'Database', 'a.example.com', 'sg-1');
    for (let time = 0; time < 2; time++) made.addDatabase(database);
    Template.fromStack(stack).resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
  });

  test('is refused without any', () => {
    expect(() => Template.fromStack(elsewhere([]).stack)).toThrow(
      /\[Stack\/Rotation\] it has no database.*give it one as 'database' or by addDatabase\(\)/,
    );
  });

  test("is refused where their names pass Lambda's environment", () => {
    const hosts = (count: number) =>
      Array.from({ length: count }, (_, index) => `${'d'.repeat(90)}${index + 100}.example.com`);
    expect(() => Template.fromStack(elsewhere(hosts(32)).stack)).not.toThrow();
    expect(() => Template.fromStack(elsewhere(hosts(33)).stack)).toThrow(
      /it has 33 databases, whose hosts may take \d+ of the 4096 bytes/,
    );
  });

  test('serves databases whose hosts are known in a stack of its own', () => {
    const app = new App();
    const shared = new Stack(app, 'Shared');
    const vpc = isolatedVpc(shared);
    const rotationFunction = new RotationFunction(shared, 'Rotation', { vpc, furtherServers: ['a.example.com:5432'] });
    const stack = new Stack(app, 'Other');
    const secret = secretsmanager.Secret.fromSecretNameV2(stack, 'Secret', 'app');
    new ScheduledRotation(stack, 'Schedule', { secret, rotationFunction });
    const template = Template.fromStack(stack);
    expect(stack.dependencies).toEqual([shared]);
    expect(shared.dependencies).toEqual([]);
    // The policy stands with the secret.
    expect(policyOf(template, 'SharedRotationInVpcRole')).toHaveLength(1);
    expect(() => ids(Template.fromStack(shared), 'AWS::IAM::Policy')).toThrow('no AWS::IAM::Policy');
  });
});

test('a function of another stack is refused where each stack would need the other', () => {
  const app = new App();
  const shared = new Stack(app, 'Shared');
  const vpc = isolatedVpc(shared);
  const rotationFunction = new RotationFunction(shared, 'Rotation', { vpc });
  expect(() => new RotatingPostgres(new Stack(app, 'Other'), 'Orders', { vpc, rotationFunction })).toThrow(
    /^Other\/Orders\/User: its rotation function \(Shared\/Rotation\) is in another stack.*Make one RotationFunction per stack/,
  );
});

test('a function and how passwords change are not given both', () => {
  const shared = (stack: Stack): Partial<RotatingPostgresProps> => ({
    rotationFunction: new RotationFunction(stack, 'Shared', { vpc: isolatedVpc(stack) }),
    rotation: {},
  });
  const stack = new Stack(new App(), 'Stack');
  expect(() => new RotatingPostgres(stack, 'Orders', { vpc: new ec2.Vpc(stack, 'Other'), ...shared(stack) })).toThrow(
    "'rotation' and 'rotationFunction' are both set",
  );
});

describe('quotas', () => {
  const users = (count: number) => Array.from({ length: count }, (_, index) => `user${index + 100}`);

  test(
    'more secrets than the policies of a role have room for are an error at synthesis, which names the ' +
      'role and the way out',
    () => {
      expect(() => Template.fromStack(sharing(['Orders'], users(60)).stack)).toThrow(
        /\[Stack\/Shared\/InVpc\/Role\] its function serves too many secrets: .* up to \d+ characters in all, and IAM takes 10240 .* another RotationFunction/,
      );
      expect(() => Template.fromStack(sharing(['Orders'], users(20)).stack)).not.toThrow();
    },
  );

  test('what is counted is not less than what IAM counts, and not much more', () => {
    const { stack } = sharing(['Orders'], users(20));
    const statements = policyOf(Template.fromStack(stack), 'SharedInVpcSecretAccess');
    const account = '1'.repeat(12);
    const render = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(render);
      if (typeof value !== 'object' || value === null) return value;
      const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join, ...rest } = value as Record<string, unknown>;
      if (Ref === 'AWS::Region') return 'eu-central-1';
      if (join) return ((join as unknown[])[1] as unknown[]).map(render).join('');
      if (attribute) return `arn:aws:kms:eu-central-1:${account}:key/${'k'.repeat(36)}`;
      if (Ref) return `arn:aws:secretsmanager:eu-central-1:${account}:secret:${Ref as string}-${'r'.repeat(12)}-AbCdEf`;
      return Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, render(inner)]));
    };
    const actual = JSON.stringify({ Statement: render(statements), Version: '2012-10-17' }).length;
    const policy = stack.node
      .findAll()
      .find(({ node }) => node.path === 'Stack/Shared/InVpc/SecretAccess') as Construct & { readonly length: number };
    expect(policy.length).toBeGreaterThanOrEqual(actual);
    expect(policy.length).toBeLessThan(actual * 1.2);
  });

  /** A stack that comes to this number of resources. */
  const withResources = (count: number, context?: Record<string, unknown>) => {
    const { stack } = sharing(['Orders'], [], context);
    const own = stack.node.findAll().filter(construct => CfnResource.isCfnResource(construct)).length;
    for (let index = own; index < count; index++) {
      new CfnResource(stack, `Handle${index}`, { type: 'AWS::CloudFormation::WaitConditionHandle' });
    }
    return stack;
  };

  test('a stack with more than 500 resources is told the way out, which aws-cdk-lib does not name', () => {
    expect(() => Template.fromStack(withResources(501))).toThrow(
      /\[Stack\] the stack has 501 resources, and CloudFormation takes 500\. Spread the databases over several stacks/,
    );
    expect(() => Template.fromStack(withResources(500))).not.toThrow();
  });

  test('where the limit is switched off, it is a warning', () => {
    const stack = withResources(501, { '@aws-cdk/core:stackResourceLimit': 0 });
    Template.fromStack(stack);
    Annotations.fromStack(stack).hasWarning('/Stack', Match.stringLikeRegexp('the stack has 501 resources'));
  });
});

describe('a user that waits for a migration, which waits for the owner', () => {
  const waiting = (wait: (reports: DatabaseUser, migration: CfnResource) => void) => {
    const {
      stack,
      databases: [orders],
    } = sharing(['Orders']);
    const migration = new CfnResource(stack, 'Migration', { type: 'Custom::Migration' });
    migration.node.addDependency(orders.user);
    wait(orders.addUser('reports', { privileges: Privileges.readOnly() }), migration);
    return stack;
  };

  test('waits with the user alone, when it is created after it', () => {
    const template = Template.fromStack(waiting((reports, migration) => reports.createAfter(migration)));
    const [reports] = ids(template, USER, 'reports');
    expect([...before(template, reports)]).toEqual(
      expect.arrayContaining(['Migration', ...ids(template, USER).filter(id => id !== reports)]),
    );
    for (const id of Object.keys(resourcesOf(template))) {
      expect([id, before(template, id).has(id)]).toEqual([id, false]);
    }
  });

  test("is an error at synthesis with its secret, for which the owner's policy waits", () => {
    expect(() => Template.fromStack(waiting((reports, migration) => reports.node.addDependency(migration)))).toThrow(
      /it names the secret 'Stack\/Orders\/User-reports\/Secret', which depends.* on this policy;.*DatabaseUser\.createAfter/,
    );
  });
});

test('databases that share a function and of which one waits for the other are an error at synthesis', () => {
  const {
    stack,
    databases: [orders, invoices],
  } = sharing(['Orders', 'Invoices']);
  invoices.node.addDependency(orders);
  expect(() => Template.fromStack(stack)).toThrow(
    /give databases of which one depends on the other a RotationFunction each/,
  );
});

test('users that are added later are watched as well, a dozen by one rule', () => {
  const { stack } = sharing(
    ['Orders'],
    Array.from({ length: 20 }, (_, index) => `user${index}`),
  );
  const template = Template.fromStack(stack);
  const watched = ids(template, 'AWS::Events::Rule').map(id => {
    const { Properties } = resourcesOf(template)[id];
    return (Properties.EventPattern as { detail: { additionalEventData: { SecretId: object[] } } }).detail
      .additionalEventData.SecretId;
  });
  expect(watched.flat()).toHaveLength(22);
  for (const secrets of watched) expect(secrets.length).toBeLessThanOrEqual(16);
  expect(ids(template, 'AWS::CloudWatch::Alarm', 'FailedRotations')).toHaveLength(watched.length);
});

test('a database alone has its own function still, whose template says the same as before', () => {
  const { template } = deployed();
  expect(ids(template, USER)).toHaveLength(1);
  expect(ids(template, 'AWS::IAM::Policy', 'OrdersRotationFunctionInVpcSecretAccess')).toHaveLength(1);
});
