import { App, CfnOutput, Fn, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { decide, type Statement } from './policy-simulator';
import { type Condition, holds, type RequestContext } from './policy-simulator-conditions';
import { PolicyWorld } from './policy-simulator-world';

const ROLE = 'arn:aws:iam::111111111111:role/app';
const FOREIGN = 'arn:aws:iam::222222222222:role/app';
const SECRET = 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:one-Ab3dEf';
const KEY = 'arn:aws:kms:eu-west-1:111111111111:key/one';
const READ = 'secretsmanager:GetSecretValue';

const allow = (more: Partial<Statement> = {}): Statement => ({ Effect: 'Allow', Action: '*', Resource: '*', ...more });
const deny = (more: Partial<Statement> = {}): Statement => ({ ...allow(more), Effect: 'Deny' });
const to = (AWS: string | string[]) => ({ Principal: { AWS } });

interface Sides {
  readonly identity?: Statement[];
  readonly resource?: Statement[];
  readonly endpoint?: Statement[];
}
const asks = (principal: string, action: string, resource: string, sides: Sides) =>
  decide({ principal, action, resource, context: {} }, { identity: [], resource: [], ...sides }).allowed;

describe('in one account', () => {
  test('nothing is allowed by default, and either side allows', () => {
    expect(asks(ROLE, READ, SECRET, {})).toBe(false);
    expect(asks(ROLE, READ, SECRET, { identity: [allow()] })).toBe(true);
    expect(asks(ROLE, READ, SECRET, { resource: [allow(to(ROLE))] })).toBe(true);
    expect(asks(ROLE, READ, SECRET, { resource: [allow(to(FOREIGN))] })).toBe(false);
  });

  test('a policy that names the account leaves it to identity policies', () => {
    const resource = [allow(to('arn:aws:iam::111111111111:root'))];
    expect(asks(ROLE, READ, SECRET, { resource })).toBe(false);
    expect(asks(ROLE, READ, SECRET, { resource, identity: [allow()] })).toBe(true);
  });

  test('an explicit deny wins on every side', () => {
    const allowed = { identity: [allow()], resource: [allow(to(ROLE))], endpoint: [allow(to('*'))] };
    expect(asks(ROLE, READ, SECRET, allowed)).toBe(true);
    expect(asks(ROLE, READ, SECRET, { ...allowed, identity: [allow(), deny()] })).toBe(false);
    expect(asks(ROLE, READ, SECRET, { ...allowed, resource: [allow(to(ROLE)), deny({ Principal: '*' })] })).toBe(false);
    expect(asks(ROLE, READ, SECRET, { ...allowed, resource: [allow(to(ROLE)), deny(to('111111111111'))] })).toBe(false);
    expect(asks(ROLE, READ, SECRET, { ...allowed, endpoint: [allow(to('*')), deny({ Principal: '*' })] })).toBe(false);
  });

  test('an endpoint lets through what its policy allows', () => {
    expect(asks(ROLE, READ, SECRET, { identity: [allow()], endpoint: [] })).toBe(false);
    expect(
      asks(ROLE, READ, SECRET, { identity: [allow()], endpoint: [allow({ Principal: '*', Resource: KEY })] }),
    ).toBe(false);
  });

  test('a key is used only where its own policy takes part', () => {
    expect(asks(ROLE, 'kms:Decrypt', KEY, { identity: [allow()] })).toBe(false);
    expect(asks(ROLE, 'kms:Decrypt', KEY, { identity: [allow()], resource: [allow(to('111111111111'))] })).toBe(true);
    expect(asks(ROLE, 'kms:Decrypt', KEY, { resource: [allow(to('111111111111'))] })).toBe(false);
    expect(asks(ROLE, 'kms:Decrypt', KEY, { resource: [allow(to(ROLE))] })).toBe(true);
  });

  test('the root user needs no identity policy, and a service has none', () => {
    expect(asks('arn:aws:iam::111111111111:root', READ, SECRET, {})).toBe(true);
    expect(asks('secretsmanager.amazonaws.com', READ, SECRET, { identity: [allow()] })).toBe(false);
    expect(
      asks('secretsmanager.amazonaws.com', READ, SECRET, {
        resource: [allow({ Principal: { Service: 'secretsmanager.amazonaws.com' } })],
      }),
    ).toBe(true);
  });
});

test('across accounts both sides must allow', () => {
  for (const resource of [[allow(to(FOREIGN))], [allow(to('222222222222'))], [allow({ Principal: '*' })]]) {
    expect(asks(FOREIGN, READ, SECRET, { resource })).toBe(false);
    expect(asks(FOREIGN, READ, SECRET, { resource, identity: [allow()] })).toBe(true);
  }
  expect(asks(FOREIGN, READ, SECRET, { identity: [allow()] })).toBe(false);
});

test('actions are matched without regard to case, resources with it', () => {
  expect(asks(ROLE, READ, SECRET, { identity: [allow({ Action: 'SecretsManager:Get*' })] })).toBe(true);
  expect(asks(ROLE, READ, SECRET, { identity: [allow({ Action: 'secretsmanager:Put*' })] })).toBe(false);
  expect(asks(ROLE, READ, SECRET, { identity: [allow({ Resource: SECRET.replace('Ab3dEf', '??????') })] })).toBe(true);
  expect(asks(ROLE, READ, SECRET, { identity: [allow({ Resource: SECRET.toUpperCase() })] })).toBe(false);
});

describe('conditions', () => {
  const cases: [Condition, RequestContext, boolean][] = [
    [{ StringEquals: { 'kms:ViaService': 'a' } }, { 'KMS:viaservice': 'a' }, true],
    [{ StringEquals: { 'kms:ViaService': ['b', 'a'] } }, { 'kms:ViaService': 'a' }, true],
    [{ StringEquals: { 'kms:ViaService': 'A' } }, { 'kms:ViaService': 'a' }, false],
    [{ StringEquals: { k: 'a' } }, {}, false],
    [{ StringEqualsIfExists: { k: 'a' } }, {}, true],
    [{ StringEqualsIfExists: { k: 'a' } }, { k: 'b' }, false],
    [{ StringNotEquals: { k: 'a' } }, {}, true],
    [{ StringNotEquals: { k: ['a', 'b'] } }, { k: 'b' }, false],
    [{ StringLike: { k: 'a?c*' } }, { k: 'abcdef' }, true],
    [{ StringLike: { k: 'a.c' } }, { k: 'abc' }, false],
    [{ StringNotLike: { k: 'a*' } }, { k: 'b' }, true],
    [{ ArnLike: { k: 'arn:aws:iam::*:role/cdk-*' } }, { k: 'arn:aws:iam::1:role/cdk-x' }, true],
    [{ ArnEquals: { k: 'arn:aws:iam::*:role/cdk-*' } }, { k: 'arn:aws:iam::1:role/cdk-x' }, true],
    [{ ArnLike: { k: 'arn:*:role/x' } }, { k: 'arn:aws:iam::1:role/x' }, false],
    [{ ArnNotLike: { k: 'arn:aws:iam::1:role/x' } }, { k: 'arn:aws:iam::1:role/y' }, true],
    [{ ArnNotLike: { k: 'arn:aws:iam::1:role/x' } }, {}, true],
    [{ Bool: { k: 'false' } }, { k: 'false' }, true],
    [{ Bool: { k: 'false' } }, {}, false],
    [{ BoolIfExists: { k: 'false' } }, {}, true],
    [{ Null: { k: 'false' } }, { k: 'x' }, true],
    [{ Null: { k: 'false' } }, {}, false],
    [{ Null: { k: 'true' } }, {}, true],
    [{ 'ForAnyValue:StringEquals': { k: ['a', 'b'] } }, { k: ['c', 'b'] }, true],
    [{ 'ForAnyValue:StringEquals': { k: 'a' } }, {}, false],
    [{ 'ForAllValues:StringEquals': { k: 'a' } }, {}, true],
    [{ 'ForAllValues:StringEquals': { k: 'a' } }, { k: ['a', 'b'] }, false],
    [{ 'ForAllValues:StringNotEquals': { k: 'a' } }, { k: ['a', 'b'] }, false],
    [{ 'ForAllValues:StringNotEquals': { k: 'a' } }, { k: ['b'] }, true],
    [{ StringEquals: { k: 'a', l: 'b' } }, { k: 'a', l: 'c' }, false],
    [{ StringEquals: { k: 'a' }, Bool: { l: 'true' } }, { k: 'a', l: 'false' }, false],
  ];
  test.each(cases)('%j of %j is %s', (condition, context, expected) => {
    expect(holds(condition, context)).toBe(expected);
  });
});

test('what is not simulated is no answer', () => {
  expect(() => holds({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, {})).toThrow('IpAddress is not simulated');
  expect(() => holds({ StringEquals: { k: '${aws:username}' } }, { k: 'x' })).toThrow(
    'policy variables are not simulated',
  );
  expect(() => holds({ StringEquals: { k: 'a' } }, { k: ['a', 'b'] })).toThrow('several values');
  const inverted = { ...allow(), NotAction: 'iam:*' } as Statement;
  expect(() => asks(ROLE, READ, SECRET, { identity: [inverted] })).toThrow('NotAction in a statement is not simulated');
});

describe('what is deployed', () => {
  const place = (stack: Stack) => ({ stack: stack.stackName, account: '111111111111', region: 'eu-west-1' });
  const app = new App();
  const owner = new Stack(app, 'Owner');
  const key = new kms.Key(owner, 'Key');
  const secret = new secretsmanager.Secret(owner, 'Secret', {
    encryptionKey: kms.Key.fromKeyArn(owner, 'Same', key.keyArn),
  });
  const replica = new secretsmanager.Secret(owner, 'Copied', { replicaRegions: [{ region: 'eu-central-1' }] });
  replica.addToResourcePolicy(
    new iam.PolicyStatement({
      effect: iam.Effect.DENY,
      principals: [new iam.StarPrincipal()],
      actions: ['*'],
      resources: ['*'],
    }),
  );
  new CfnOutput(owner, 'Arn', { value: secret.secretArn, exportName: Fn.join('-', [owner.stackName, 'arn']) });
  const consumer = new Stack(app, 'Consumer');
  const role = new iam.Role(consumer, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  role.addToPolicy(new iam.PolicyStatement({ actions: [READ], resources: [Fn.importValue('Owner-arn')] }));
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: [READ],
      resources: [
        Fn.join('', ['arn:', consumer.partition, ':secretsmanager:*:', consumer.account, ':secret:Owner-Copied*']),
      ],
    }),
  );

  const world = new PolicyWorld('o-ours');
  const made = world.deploy(Template.fromStack(owner), place(owner));
  const reader = world.deploy(Template.fromStack(consumer), place(consumer)).arn('AWS::IAM::Role');
  const [arn, copied] = ['Secret', 'Copied'].map(part => made.arn('AWS::SecretsManager::Secret', part));

  test('is resolved: references, imports, the policies attached to a role', () => {
    expect(world.decide(reader, READ, arn)).toEqual({ allowed: true, because: 'allowed' });
    expect(world.decide(reader, READ, arn.replace('Secret', 'Other')).allowed).toBe(false);
  });

  test("a call includes what Secrets Manager does with the key in the caller's name", () => {
    expect(world.call({ by: reader, action: 'GetSecretValue', secret: arn })).toEqual({
      allowed: false,
      because: 'key: not allowed by the identity policy',
    });
    expect(world.call({ by: world.person(ROLE), action: 'GetSecretValue', secret: arn }).allowed).toBe(true);
  });

  test('a replica has the policy of its secret', () => {
    expect(world.decide(reader, READ, copied.replace('eu-west-1', 'eu-central-1')).because).toBe(
      'denied by the resource policy',
    );
  });

  test('a principal that nothing makes is no answer', () => {
    expect(() => world.decide('arn:aws:iam::111111111111:role/nobody', READ, arn)).toThrow('0 roles are');
  });
});
