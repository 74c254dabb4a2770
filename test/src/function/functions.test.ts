import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { RotatingPostgres } from '../../../src';
import { isolatedVpc, only, resourcesOf } from '../support/stacks';

const stack = new Stack(new App(), 'Stack');
const db = new RotatingPostgres(stack, 'Orders', { vpc: isolatedVpc(stack) });
db.grantRevoke(new iam.Role(stack, 'Incident', { assumedBy: new iam.ServicePrincipal('states.amazonaws.com') }));
const template = Template.fromStack(stack);

/** Each kind of function by a part of its logical id: its memory in MB, and its timeout in seconds. */
const OURS: [string, number, number][] = [
  ['OrdersRotationFunctionInVpc', 512, 60],
  ['OrdersRevocationFunctionInVpc', 512, 60],
  ['OrdersUserProviderInVpc', 512, 60],
  // It waits until Secrets Manager has rotated: the most that Lambda gives.
  ['RotatingPostgresFirstRotationProver', 256, 900],
];
const FRAMEWORKS = ['OrdersUserProviderFramework', 'RotatingPostgresFirstRotationFramework'];
const ALL = [...OURS.map(([part]) => part), ...FRAMEWORKS];

const propertiesOf = (part: string) => only(template, 'AWS::Lambda::Function', part)[1].Properties;

test('there are these functions and no others', () => {
  const functions = Object.entries(resourcesOf(template)).filter(([, { Type }]) => Type === 'AWS::Lambda::Function');
  expect(functions.map(([id]) => ALL.find(part => id.startsWith(part)) ?? id).sort()).toEqual([...ALL].sort());
});

test.each(OURS)('%s has %d MB and %d s, runs its bundle on arm64 and logs JSON', (part, MemorySize, Timeout) => {
  expect(propertiesOf(part)).toMatchObject({
    MemorySize,
    Timeout,
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    Handler: 'index.handler',
    LoggingConfig: { LogFormat: 'JSON' },
  });
});

test.each(FRAMEWORKS)('%s waits for its function as long as Lambda lets it', part => {
  expect(propertiesOf(part)).toMatchObject({ Timeout: 900, Runtime: 'nodejs24.x', Handler: 'framework.onEvent' });
});

test.each(ALL)('%s takes no concurrency from the account, and has no copy of a failed event', part => {
  const properties = propertiesOf(part);
  for (const name of ['ReservedConcurrentExecutions', 'DeadLetterConfig', 'TracingConfig', 'Layers']) {
    expect(properties).not.toHaveProperty(name);
  }
});

test('each function logs to a group of its own, which keeps a year and goes with its stack', () => {
  const groups = ALL.map(part => {
    const { LogGroup } = propertiesOf(part).LoggingConfig as { LogGroup: { Ref: string } };
    return LogGroup.Ref;
  });
  expect(new Set(groups).size).toBe(ALL.length);
  for (const group of groups) {
    expect(resourcesOf(template)[group]).toMatchObject({
      Properties: { RetentionInDays: 365 },
      DeletionPolicy: 'Delete',
    });
  }
});
