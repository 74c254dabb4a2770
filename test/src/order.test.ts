import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { before, ids } from './support/graph';
import { deployed, isolatedVpc, logicalId, only, resourcesOf } from './support/stacks';
import { RotatingPostgres, SecretsManagerEndpoint } from '../../src';

const SCHEDULE = 'AWS::SecretsManager::RotationSchedule';
const USER = 'Custom::RotatingPostgresUser';
const { template } = deployed();
const database = [
  ...ids(template, 'AWS::KMS::Key'),
  ...ids(template, 'AWS::RDS::DBInstance'),
  ...ids(template, 'AWS::SecretsManager::SecretTargetAttachment'),
];
const endpoint = [
  ...ids(template, 'AWS::EC2::VPCEndpoint'),
  ...ids(template, 'AWS::EC2::SecurityGroup', 'SecretsManagerEndpoint'),
];
/** Of one function: itself, its role, its rules to the database and back, its rule to the endpoint, its log group. */
const working = (part: string) => [
  ...ids(template, 'AWS::Lambda::Function', part),
  ...ids(template, 'AWS::IAM::Role', part),
  ...ids(template, 'AWS::Logs::LogGroup', part),
  ...ids(template, 'AWS::EC2::SecurityGroup', part),
  ...ids(template, 'AWS::EC2::SecurityGroupIngress', part),
  ...ids(template, 'AWS::EC2::SecurityGroupEgress', part),
];

test('each function has one rule to the database, one back and one to the endpoint', () => {
  for (const part of ['UserProvider', 'RotationFunction']) {
    expect(ids(template, 'AWS::EC2::SecurityGroupEgress', part)).toHaveLength(2);
    expect(ids(template, 'AWS::EC2::SecurityGroupIngress', part)).toHaveLength(1);
  }
});

test('the user is created after everything its function needs, and so deleted before any of it', () => {
  const done = before(template, only(template, USER)[0]);
  expect([...done]).toEqual(
    expect.arrayContaining([
      ...database,
      ...endpoint,
      ...working('UserProvider'),
      ...ids(template, 'AWS::SecretsManager::Secret'),
      ...ids(template, 'AWS::IAM::Policy', 'UserProviderInVpcSecretAccess'),
    ]),
  );
});

test('the application user is rotated after it was created and everything that the rotation needs', () => {
  const done = before(template, only(template, SCHEDULE, 'UserRotation')[0]);
  expect([...done]).toEqual(
    expect.arrayContaining([
      ...database,
      ...endpoint,
      ...working('RotationFunction'),
      ...ids(template, 'AWS::SecretsManager::Secret'),
      ...ids(template, 'AWS::IAM::Policy', 'RotationFunctionInVpcSecretAccess'),
      ...ids(template, 'AWS::Lambda::Permission'),
      ...ids(template, USER),
    ]),
  );
});

test('the admin is rotated after everything that the rotation needs, and after the user that it creates', () => {
  const done = before(template, only(template, SCHEDULE, 'AdminRotation')[0]);
  expect([...done]).toEqual(
    expect.arrayContaining([
      ...database,
      ...endpoint,
      ...working('RotationFunction'),
      ...ids(template, 'AWS::IAM::Policy', 'RotationFunctionInVpcSecretAccess'),
      ...ids(template, 'AWS::Lambda::Permission'),
      ...ids(template, USER),
    ]),
  );
});

test('the database waits for its key and the admin secret', () => {
  const done = before(template, only(template, 'AWS::RDS::DBInstance')[0]);
  expect([...done]).toEqual(
    expect.arrayContaining([
      ...ids(template, 'AWS::KMS::Key'),
      ...ids(template, 'AWS::SecretsManager::Secret', 'AdminSecret'),
    ]),
  );
});

test('nothing waits for itself, also when a consumer is admitted to the database and waits for it', () => {
  const stack = new Stack(new App(), 'Stack');
  const vpc = isolatedVpc(stack);
  const db = new RotatingPostgres(stack, 'Orders', { vpc });
  const consumer = new ec2.SecurityGroup(stack, 'Consumer', { vpc });
  db.connections.allowDefaultPortFrom(consumer);
  consumer.node.addDependency(db);
  const rendered = Template.fromStack(stack);
  for (const id of Object.keys(resourcesOf(rendered))) expect([id, before(rendered, id).has(id)]).toEqual([id, false]);
  expect([...before(rendered, logicalId(consumer))]).toEqual(
    expect.arrayContaining([...ids(rendered, USER), ...ids(rendered, SCHEDULE, 'UserRotation')]),
  );
});

test('with an endpoint made elsewhere, the rules on its group are waited for as well', () => {
  const stack = new Stack(new App(), 'Stack');
  const vpc = isolatedVpc(stack);
  const made = vpc.addInterfaceEndpoint('Made', {
    service: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    open: false,
  });
  new RotatingPostgres(stack, 'Orders', {
    vpc,
    secretsManagerEndpoint: SecretsManagerEndpoint.fromInterfaceVpcEndpoint(made),
  });
  const rendered = Template.fromStack(stack);
  for (const [id, part] of [
    [only(rendered, USER)[0], 'UserProvider'],
    [only(rendered, SCHEDULE, 'AdminRotation')[0], 'RotationFunction'],
  ]) {
    const done = before(rendered, id);
    expect([...done]).toEqual(
      expect.arrayContaining([
        ...ids(rendered, 'AWS::EC2::VPCEndpoint'),
        ...ids(rendered, 'AWS::EC2::SecurityGroupIngress', `${part}InVpcSecretsManagerEndpoint`),
      ]),
    );
  }
});
