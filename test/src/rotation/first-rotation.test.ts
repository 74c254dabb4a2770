import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Privileges, RotatingPostgres, RotationFunction, ScheduledRotation } from '../../../src';
import { before, ids } from '../support/graph';
import { deployed, isolatedVpc, logicalId, only, resourcesOf } from '../support/stacks';

const PROOF = 'Custom::RotatingPostgresFirstRotation';
const SCHEDULE = 'AWS::SecretsManager::RotationSchedule';
const { template, db } = deployed();
const appSecret = { Ref: logicalId(db.secret) };
const adminSecret = { Ref: logicalId(db.adminSecret) };

const [rotationLogs] = only(template, 'AWS::Logs::LogGroup', 'RotationFunction');

test('a deployment waits for the first rotation of each secret, after the schedules that begin them', () => {
  const [id, { Properties, Type }] = only(template, PROOF);
  expect(Type).toBe(PROOF);
  expect(Properties).toEqual({
    ServiceToken: { 'Fn::GetAtt': [only(template, 'AWS::Lambda::Function', 'FirstRotationFramework')[0], 'Arn'] },
    ServiceTimeout: '720',
    secretArns: [appSecret, adminSecret],
    logGroup: { Ref: rotationLogs },
    timeoutSeconds: 600,
  });
  const needed = [
    ...ids(template, SCHEDULE),
    ...ids(template, 'AWS::IAM::Policy', 'FirstRotation'),
    ...ids(template, 'AWS::Lambda::Function', 'FirstRotation'),
  ];
  expect([...before(template, id)]).toEqual(expect.arrayContaining(needed));
  // Consumers do not wait for it, and so nothing of theirs.
  for (const other of Object.keys(resourcesOf(template))) expect(before(template, other).has(id)).toBe(false);
});

test(
  'the function that looks is outside the VPC, and may describe these secrets and read the log of ' +
    'that rotation function: nothing else',
  () => {
    const [, { Properties }] = only(template, 'AWS::Lambda::Function', 'FirstRotationProver');
    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout: 900,
      LoggingConfig: { LogFormat: 'JSON' },
    });
    expect(Properties.VpcConfig).toBeUndefined();
    const [
      role,
      {
        Properties: { Policies, ManagedPolicyArns },
      },
    ] = only(template, 'AWS::IAM::Role', 'FirstRotationRole');
    expect(ManagedPolicyArns).toBeUndefined();
    const inline = (Policies as { PolicyDocument: { Statement: unknown[] } }[]).flatMap(
      ({ PolicyDocument }) => PolicyDocument.Statement,
    );
    expect(inline).toEqual([
      expect.objectContaining({ Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: expect.anything() }),
    ]);
    const attached = Object.values(resourcesOf(template)).filter(
      policy => policy.Type === 'AWS::IAM::Policy' && JSON.stringify(policy.Properties.Roles).includes(role),
    );
    expect(attached.map(policy => (policy.Properties.PolicyDocument as { Statement: unknown[] }).Statement)).toEqual([
      [
        { Effect: 'Allow', Action: 'secretsmanager:DescribeSecret', Resource: [appSecret, adminSecret] },
        { Effect: 'Allow', Action: 'logs:FilterLogEvents', Resource: { 'Fn::GetAtt': [rotationLogs, 'Arn'] } },
      ],
    ]);
  },
);

test('a further user takes no resource for it', () => {
  const stack = new Stack(new App(), 'Stack');
  const orders = new RotatingPostgres(stack, 'Orders', { vpc: isolatedVpc(stack) });
  const reports = orders.addUser('reports', { privileges: Privileges.connect() });
  const [id, { Properties }] = only(Template.fromStack(stack), PROOF);
  expect(Properties.secretArns).toEqual([appSecret, adminSecret, { Ref: logicalId(reports.secret) }]);
  expect(id).toBe(only(template, PROOF)[0]);
});

test('two rotation functions in a stack share the function that looks, each with its own secrets and log', () => {
  const stack = new Stack(new App(), 'Stack');
  const vpc = isolatedVpc(stack);
  const all = ['Orders', 'Invoices'].map(name => new RotatingPostgres(stack, name, { vpc }));
  const both = Template.fromStack(stack);
  expect(ids(both, 'AWS::Lambda::Function', 'FirstRotation')).toHaveLength(2); // with the framework's
  const proofs = ids(both, PROOF).map(id => resourcesOf(both)[id].Properties);
  expect(proofs).toEqual(
    all.map(({ node, secret, adminSecret: admin }) =>
      expect.objectContaining({
        secretArns: [{ Ref: logicalId(secret) }, { Ref: logicalId(admin) }],
        logGroup: { Ref: only(both, 'AWS::Logs::LogGroup', `${node.id}RotationFunction`)[0] },
      }),
    ),
  );
});

test('it stands with the secret where the function is in another stack, which comes to depend on nothing', () => {
  const app = new App();
  const shared = new Stack(app, 'Shared');
  const rotationFunction = new RotationFunction(shared, 'Rotation', {
    vpc: isolatedVpc(shared),
    furtherServers: ['db.example.com:5432'],
  });
  const stack = new Stack(app, 'Other');
  new ScheduledRotation(stack, 'Schedule', {
    secret: secretsmanager.Secret.fromSecretNameV2(stack, 'Secret', 'app'),
    rotationFunction,
  });
  Template.fromStack(stack).resourceCountIs(PROOF, 1);
  Template.fromStack(shared).resourceCountIs(PROOF, 0);
  expect(shared.dependencies).toEqual([]);
});

test.each([{ rotateImmediately: false }, { proveFirstRotation: false }])('with %j nothing waits', schedule => {
  const without = deployed({ schedule }).template;
  without.resourceCountIs(PROOF, 0);
  expect(() => ids(without, 'AWS::Lambda::Function', 'FirstRotation')).toThrow('no AWS::Lambda::Function');
});

test('it waits as long as the rotation function says, and the custom resource a little longer', () => {
  const longer = deployed({ rotation: { firstRotationTimeout: Duration.minutes(14) } }).template;
  expect(only(longer, PROOF)[1].Properties).toMatchObject({ timeoutSeconds: 840, ServiceTimeout: '960' });
});

test.each([
  [
    Duration.seconds(59),
    "Stack/Orders/RotationFunction: 'firstRotationTimeout' is 59 seconds and must be from 1 to 14 minutes",
  ],
  [Duration.minutes(15), "'firstRotationTimeout' is 15 minutes"],
])('a time of %s is refused', (firstRotationTimeout, message) => {
  expect(() => deployed({ rotation: { firstRotationTimeout } })).toThrow(message);
});

test('a time that only the deployment knows is refused, for the template needs it', () => {
  const stack = new Stack(new App(), 'Stack');
  const firstRotationTimeout = Duration.minutes(new CfnParameter(stack, 'Minutes', { type: 'Number' }).valueAsNumber);
  expect(
    () => new RotatingPostgres(stack, 'Orders', { vpc: isolatedVpc(stack), rotation: { firstRotationTimeout } }),
  ).toThrow("'firstRotationTimeout' is a token");
});
