import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, type IConstruct } from 'constructs';
import { credentialSource } from '../../../client/src/secret/configuration';
import { RotatingPostgres, SecretsManagerEndpoint } from '../../../src';
import { Env } from '../../../src/contract';
import { functionIn, instanceIn, serviceIn, setUp } from '../support/consumers';
import { before, cycles, ids } from '../support/graph';
import { isolatedVpc, logicalId, only, resourcesOf } from '../support/stacks';

const USER = 'Custom::RotatingPostgresUser';
const SCHEDULE = 'AWS::SecretsManager::RotationSchedule';
const EGRESS = 'AWS::EC2::SecurityGroupEgress';
const INGRESS = 'AWS::EC2::SecurityGroupIngress';

/** What the rules of these types say of a group: which ports lead where. */
function rules(
  template: Template,
  type: typeof EGRESS | typeof INGRESS,
  group: unknown,
): { to: unknown; port: unknown; id: string }[] {
  const [own, other] =
    type === EGRESS ? ['GroupId', 'DestinationSecurityGroupId'] : ['SourceSecurityGroupId', 'GroupId'];
  return Object.entries(resourcesOf(template))
    .filter(([, { Type, Properties }]) => Type === type && JSON.stringify(Properties[own]) === JSON.stringify(group))
    .map(([id, { Properties }]) => ({ id, to: Properties[other], port: Properties.FromPort }));
}

const groupIdOf = (construct: IConstruct & ec2.IConnectable) => {
  const [group] = construct.connections.securityGroups;
  return Stack.of(group).resolve(group.securityGroupId);
};

const variablesOf = (template: Template, consumer: IConstruct) =>
  (
    resourcesOf(template)[logicalId(consumer)].Properties.Environment as
      { Variables: Record<string, unknown> } | undefined
  )?.Variables;

describe.each(['a Lambda function', 'an ECS service', 'an EC2 instance'])('%s', kind => {
  const { stack, vpc, db, template } = setUp();
  const made = {
    'a Lambda function': () => ({
      consumer: functionIn(vpc, stack),
      policy: 'FunctionServiceRole',
      type: 'AWS::Lambda::Function',
    }),
    'an ECS service': () => ({
      consumer: serviceIn(vpc, stack, 'web').service,
      policy: 'TaskTaskRole',
      type: 'AWS::ECS::Service',
    }),
    'an EC2 instance': () => ({
      consumer: instanceIn(vpc, stack),
      policy: 'InstanceInstanceRole',
      type: 'AWS::EC2::Instance',
    }),
  }[kind]!();
  const { consumer, policy, type } = made;
  db.wire(consumer);
  const rendered = template();
  const group = groupIdOf(consumer);
  const resource = logicalId(consumer);

  test('may read the secret', () => {
    const [, { Properties }] = only(rendered, 'AWS::IAM::Policy', policy);
    expect((Properties.PolicyDocument as { Statement: unknown[] }).Statement).toEqual([
      expect.objectContaining({
        Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
        Resource: { Ref: logicalId(db.secret) },
      }),
      expect.objectContaining({ Action: 'kms:Decrypt' }),
    ]);
  });

  test('is admitted to the database, and needs no rule out, for its group lets everything out', () => {
    expect(rules(rendered, INGRESS, group)).toEqual([
      expect.objectContaining({
        to: groupIdOf(db.database),
        port: { 'Fn::GetAtt': [only(rendered, 'AWS::RDS::DBInstance')[0], 'Endpoint.Port'] },
      }),
    ]);
    expect(rules(rendered, EGRESS, group)).toEqual([]);
  });

  test(
    'waits for the user, the schedule of its rotation, its rule, the endpoint and its own permission; ' +
      'nothing waits for itself',
    () => {
      expect(rendered.findResources(type)).toHaveProperty(resource);
      expect([...before(rendered, resource)]).toEqual(
        expect.arrayContaining([
          ...ids(rendered, USER),
          ...ids(rendered, SCHEDULE, 'UserRotation'),
          ...rules(rendered, INGRESS, group).map(({ id }) => id),
          ...ids(rendered, 'AWS::EC2::VPCEndpoint'),
          ...ids(rendered, 'AWS::IAM::Policy', policy),
        ]),
      );
      expect(cycles(rendered)).toEqual([]);
    },
  );
});

describe('the environment', () => {
  test('of a function names the secret in the variable that the client package reads', () => {
    const { stack, vpc, db, template } = setUp();
    const consumer = functionIn(vpc, stack);
    db.wire(consumer);
    const variables = variablesOf(template(), consumer)!;
    expect(variables).toEqual({ [Env.SECRET_ARN]: { Ref: logicalId(db.secret) } });
    expect(stack.resolve(db.user.environment)).toEqual(variables);

    const earlier = process.env;
    process.env = Object.fromEntries(
      Object.keys(variables).map(name => [name, 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-AbCdEf']),
    );
    try {
      expect(credentialSource()).toHaveProperty('current');
    } finally {
      process.env = earlier;
    }
  });

  const containers = (template: Template) => {
    const defined = only(template, 'AWS::ECS::TaskDefinition')[1].Properties.ContainerDefinitions as {
      Name: string;
      Environment?: unknown;
    }[];
    return Object.fromEntries(defined.map(({ Name, Environment }) => [Name, Environment]));
  };

  test('of a service is that of its default container, or of the one that is named', () => {
    const one = setUp();
    one.db.wire(serviceIn(one.vpc, one.stack, 'web', 'sidecar').service);
    const value = [{ Name: Env.SECRET_ARN, Value: { Ref: logicalId(one.db.secret) } }];
    expect(containers(one.template())).toEqual({ web: value, sidecar: undefined });

    const other = setUp();
    const {
      service,
      containers: [, sidecar],
    } = serviceIn(other.vpc, other.stack, 'web', 'sidecar');
    other.db.wire(service, { container: sidecar });
    expect(containers(other.template())).toEqual({ web: undefined, sidecar: value });
  });

  test('of a consumer of two users takes a prefix', () => {
    const { stack, vpc, db, template } = setUp();
    const consumer = functionIn(vpc, stack);
    const reports = db.addUser('reports');
    db.wire(consumer);
    expect(() => reports.wire(consumer)).toThrow(
      "Stack/Orders/User-reports: 'consumer' (Stack/Function) has the ROTATING_POSTGRES_SECRET_ARN of " +
        "Stack/Orders/User already; give this user an 'environmentPrefix'",
    );
    reports.wire(consumer, { environmentPrefix: 'REPORTS_' });
    const rendered = template();
    expect(variablesOf(rendered, consumer)).toEqual({
      ROTATING_POSTGRES_SECRET_ARN: { Ref: logicalId(db.secret) },
      REPORTS_ROTATING_POSTGRES_SECRET_ARN: { Ref: logicalId(reports.secret) },
    });
    expect(rules(rendered, INGRESS, groupIdOf(consumer))).toHaveLength(1);
    expect([...before(rendered, logicalId(consumer))]).toEqual(
      expect.arrayContaining([...ids(rendered, USER), ...ids(rendered, SCHEDULE, 'User')]),
    );
    expect(() => db.wire(functionIn(vpc, stack, 'Other'), { environmentPrefix: '1st-' })).toThrow(
      "'environmentPrefix' is '1st-'",
    );
  });

  test('of an imported function cannot be set: a warning says what to set', () => {
    const { stack, db } = setUp();
    const attributes = { functionArn: 'arn:aws:lambda:eu-west-1:111122223333:function:imported' };
    const securityGroup = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1');
    const role = iam.Role.fromRoleArn(stack, 'Role', 'arn:aws:iam::111122223333:role/imported');
    db.wire(lambda.Function.fromFunctionAttributes(stack, 'Imported', { ...attributes, role, securityGroup }));
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Imported',
      Match.stringLikeRegexp('set ROTATING_POSTGRES_SECRET_ARN where the function is made'),
    );
  });
});

describe('security groups', () => {
  const closed = (scope: Construct, vpc: ec2.IVpc, id = 'Closed') =>
    new ec2.SecurityGroup(scope, id, { vpc, allowAllOutbound: false });

  test('that let nothing out get a rule to the database and one to the endpoint', () => {
    const { stack, vpc, db, template } = setUp();
    const consumer = functionIn(vpc, stack, 'Function', { securityGroups: [closed(stack, vpc)] });
    db.wire(consumer);
    const rendered = template();
    const [endpoint] = ids(rendered, 'AWS::EC2::SecurityGroup', 'SecretsManagerEndpoint');
    const out = rules(rendered, EGRESS, groupIdOf(consumer));
    expect(out).toHaveLength(2);
    expect(out).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ to: groupIdOf(db.database) }),
        expect.objectContaining({ to: { 'Fn::GetAtt': [endpoint, 'GroupId'] }, port: 443 }),
      ]),
    );
    expect([...before(rendered, logicalId(consumer))]).toEqual(expect.arrayContaining(out.map(({ id }) => id)));
  });

  test('that several consumers share get each rule once', () => {
    const { stack, vpc, db, template } = setUp();
    const shared = { securityGroups: [closed(stack, vpc)] };
    const consumers = ['One', 'Two'].map(id => functionIn(vpc, stack, id, shared));
    for (const consumer of consumers) db.wire(consumer);
    const rendered = template();
    const all = [EGRESS, INGRESS].flatMap(type => rules(rendered, type as typeof EGRESS, groupIdOf(consumers[0])));
    expect(all).toHaveLength(3);
    for (const consumer of consumers) {
      expect([...before(rendered, logicalId(consumer))]).toEqual(expect.arrayContaining(all.map(({ id }) => id)));
    }
  });

  test('have rules with the same ids whichever of the consumers that share them are there', () => {
    const idsWith = (...names: string[]) => {
      const { stack, vpc, db, template } = setUp();
      const shared = { securityGroups: [closed(stack, vpc)] };
      for (const name of names) db.wire(functionIn(vpc, stack, name, shared));
      return ids(template(), INGRESS, 'RotatingPostgresConsumers');
    };
    expect(idsWith('Two')).toEqual(idsWith('One', 'Two'));
  });

  test('that are admitted twice, once by other means, are an error at synthesis', () => {
    const { stack, vpc, db, template } = setUp();
    const consumer = functionIn(vpc, stack);
    db.wire(consumer);
    db.connections.allowDefaultPortFrom(consumer);
    expect(template).toThrow(
      /from StackFunctionSecurityGroup.*' is a rule that 'wire' has made already, and AWS refuses the same rule twice/,
    );
  });

  test('of an endpoint made elsewhere admit the consumer', () => {
    const { stack, vpc, db, template } = setUp(scope => {
      const own = isolatedVpc(scope);
      own.addInterfaceEndpoint('Made', { service: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER, open: false });
      return own;
    });
    const consumer = functionIn(vpc, stack);
    db.wire(consumer);
    const admitted = rules(template(), INGRESS, groupIdOf(consumer));
    expect(admitted.map(({ port }) => port)).toEqual(expect.arrayContaining([443]));
    expect(admitted).toHaveLength(2);
  });

  test('let 443 out to anywhere where no endpoint is known, and to another one by choice', () => {
    const imported = (scope: Stack) =>
      ec2.Vpc.fromVpcAttributes(scope, 'Vpc', {
        vpcId: 'vpc-1',
        vpcCidrBlock: '10.0.0.0/16',
        availabilityZones: ['a'],
        privateSubnetIds: ['subnet-1'],
      });
    const { stack, vpc, db, template } = setUp(imported);
    const group = closed(stack, vpc);
    db.wire(functionIn(vpc, stack, 'Function', { securityGroups: [group] }));
    const endpoint = ec2.InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(stack, 'Endpoint', {
      vpcEndpointId: 'vpce-1',
      port: 443,
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'EndpointGroup', 'sg-1')],
    });
    const other = functionIn(vpc, stack, 'Other', { securityGroups: [closed(stack, vpc, 'OtherClosed')] });
    db.wire(other, { secretsManagerEndpoint: SecretsManagerEndpoint.fromInterfaceVpcEndpoint(endpoint) });
    const rendered = template();
    expect(resourcesOf(rendered)[logicalId(group)].Properties.SecurityGroupEgress).toEqual([
      expect.objectContaining({ CidrIp: '0.0.0.0/0', FromPort: 443, ToPort: 443 }),
    ]);
    expect(rules(rendered, EGRESS, groupIdOf(other)).map(({ to, port }) => [to, port])).toContainEqual(['sg-1', 443]);
  });
});

describe('a consumer in another stack', () => {
  const { app, stack, vpc, db } = setUp();
  const services = new Stack(app, 'Services');
  const consumer = functionIn(vpc, services);
  db.wire(consumer);
  const assembly = app.synth();

  test("depends on the database's, and not the other way round", () => {
    expect(services.dependencies).toEqual([stack]);
    expect(stack.dependencies).toEqual([]);
  });

  test('has its rules with it, though its group belongs to the stack of the VPC', () => {
    const third = new App();
    const network = new Stack(third, 'Network');
    const shared = isolatedVpc(network);
    const group = new ec2.SecurityGroup(network, 'Shared', { vpc: shared, allowAllOutbound: false });
    const database = new Stack(third, 'Database');
    const orders = new RotatingPostgres(database, 'Orders', { vpc: shared });
    const last = new Stack(third, 'Services');
    orders.wire(functionIn(shared, last, 'Function', { securityGroups: [group] }));
    expect(network.dependencies).toEqual([]);
    expect(ids(Template.fromStack(last), INGRESS)).toHaveLength(1);
    expect(ids(Template.fromStack(last), EGRESS)).toHaveLength(2);
  });

  test('has everything that it needs of its own', () => {
    const template = Template.fromJSON(assembly.getStackByName('Services').template);
    expect(ids(template, INGRESS)).toHaveLength(1);
    expect(variablesOf(template, consumer)).toHaveProperty(Env.SECRET_ARN);
    expect(cycles(template)).toEqual([]);
  });
});

test('a construct that is a connectable grantee is wired, with its environment if it takes one, and waits', () => {
  class Job extends Construct implements ec2.IConnectable, iam.IGrantable {
    readonly role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('batch.amazonaws.com') });
    readonly grantPrincipal = this.role;
    readonly resource = new CfnResource(this, 'Job', { type: 'Custom::Job' });
    readonly variables: Record<string, string> = {};
    readonly connections: ec2.Connections;

    constructor(scope: Construct, vpc: ec2.IVpc) {
      super(scope, 'Job');
      this.connections = new ec2.Connections({ securityGroups: [new ec2.SecurityGroup(this, 'Group', { vpc })] });
    }

    addEnvironment(name: string, value: string): void {
      this.variables[name] = value;
    }
  }
  const { stack, vpc, db, template } = setUp();
  const job = new Job(stack, vpc);
  db.wire(job);
  const rendered = template();
  expect(stack.resolve(job.variables)).toEqual({ [Env.SECRET_ARN]: { Ref: logicalId(db.secret) } });
  expect(rules(rendered, INGRESS, groupIdOf(job))).toHaveLength(1);
  expect([...before(rendered, logicalId(job.resource))]).toEqual(expect.arrayContaining(ids(rendered, USER)));
  expect(cycles(rendered)).toEqual([]);
});

test(
  'a consumer of a user without a password may connect, reaches the database alone and finds it by ' +
    'the variables of PostgreSQL',
  () => {
    const { stack, vpc, db, template } = setUp();
    const jobs = db.addIamUser('jobs');
    const consumer = functionIn(vpc, stack, 'Function', {
      securityGroups: [new ec2.SecurityGroup(stack, 'Closed', { vpc, allowAllOutbound: false })],
    });
    jobs.wire(consumer);
    const rendered = template();
    const [, { Properties }] = only(rendered, 'AWS::IAM::Policy', 'FunctionServiceRole');
    expect(
      (Properties.PolicyDocument as { Statement: { Action: string }[] }).Statement.map(({ Action }) => Action),
    ).toEqual(['rds-db:connect']);
    expect(rules(rendered, EGRESS, groupIdOf(consumer)).map(({ to }) => to)).toEqual([groupIdOf(db.database)]);
    expect(variablesOf(rendered, consumer)).toMatchObject({ PGUSER: 'jobs', PGDATABASE: 'app' });
    expect([...before(rendered, logicalId(consumer))]).toContain(only(rendered, USER, 'Userjobs')[0]);
    expect(cycles(rendered)).toEqual([]);
  },
);
