import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { RotatingPostgres, SecretsManagerEndpoint, ServiceTrust } from '../../../src';
import { type Call, PolicyWorld } from '../../local/policy-simulator-world';
import { isolatedVpc } from '../support/stacks';

const HOME = { account: '111111111111', region: 'eu-west-1' };
const OTHER_ACCOUNT = '222222222222';
const ORGANIZATION = 'o-1234567890';

/** Everything that changes a secret, or who may use it. */
const WRITING = [
  'PutSecretValue',
  'UpdateSecret',
  'UpdateSecretVersionStage',
  'RotateSecret',
  'CancelRotateSecret',
  'TagResource',
  'UntagResource',
  'PutResourcePolicy',
  'DeleteResourcePolicy',
  'DeleteSecret',
  'RestoreSecret',
  'ReplicateSecretToRegions',
  'RemoveRegionsFromReplication',
  'StopReplicationToReplica',
];
/** What each function asks of the secret that it writes. */
const ROTATION = [
  'DescribeSecret',
  'GetSecretValue',
  'PutSecretValue',
  'UpdateSecretVersionStage',
  'ListSecretVersionIds',
];
const USER_RESOURCE = ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'];
const REVOCATION = USER_RESOURCE;
const ATTACHING = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

const iamArn = (resource: string, account = HOME.account) => `arn:aws:iam::${account}:${resource}`;

/**
 * Two databases in a VPC, the first with a consumer, readers elsewhere and a replica; a third one that is read through
 * the endpoint only.
 */
function build() {
  const app = new App();
  const stack = new Stack(app, 'Stack', { env: HOME });
  const vpc = isolatedVpc(stack);
  const role = (id: string) => new iam.Role(stack, id, { assumedBy: ServiceTrust.lambda() });
  const byName = (name: string) => iam.Role.fromRoleArn(stack, name, iamArn(`role/${name}`));
  const naming = (application: string) => ({ environment: 'production', application });

  const orders = new RotatingPostgres(stack, 'Orders', {
    vpc,
    naming: naming('orders'),
    guard: { breakGlassRoles: [byName('glass')] },
  });
  const [consumer, current, abroad, incident] = ['Consumer', 'Current', 'Abroad', 'Incident'].map(role);
  orders.grantRead(consumer);
  orders.grantRead(current, { stages: ['AWSCURRENT'] });
  orders.grantRevoke(incident);
  orders.user
    .addReplica('eu-central-1', kms.Key.fromKeyArn(stack, 'There', 'arn:aws:kms:eu-central-1:111111111111:key/there'))
    .grantRead(abroad);

  new RotatingPostgres(stack, 'Billing', {
    vpc,
    naming: naming('billing'),
    guard: { deploymentRoles: [byName('deploy')] },
  });
  const ledger = new RotatingPostgres(stack, 'Ledger', { vpc, naming: naming('ledger') });
  ledger.grantRead(consumer);
  ledger.user.guard.denyReadsOutsideEndpoint({ exceptRoles: [byName('auditor')] });

  const elsewhere = new Stack(app, 'Elsewhere', { env: { ...HOME, account: OTHER_ACCOUNT } });
  const reader = new iam.Role(elsewhere, 'Reader', { roleName: 'reader', assumedBy: new iam.AccountRootPrincipal() });
  orders.grantRead(reader);

  const shared = new RotatingPostgres(stack, 'Shared', { vpc, naming: naming('shared') });
  shared.grantRead(new iam.OrganizationPrincipal(ORGANIZATION));

  const world = new PolicyWorld(ORGANIZATION);
  const home = world.deploy(Template.fromStack(stack), { stack: 'Stack', ...HOME });
  const away = world.deploy(Template.fromStack(elsewhere), { stack: 'Elsewhere', ...HOME, account: OTHER_ACCOUNT });
  return { world, home, away };
}

const { world, home, away } = build();
const arnOf = (type: string, part: string) => home.arn(type, part);
const secretOf = (database: string) => arnOf('AWS::SecretsManager::Secret', `${database}User`);
const adminSecretOf = (database: string) => arnOf('AWS::SecretsManager::Secret', `${database}AdminSecret`);
const keyOf = (database: string) => arnOf('AWS::KMS::Key', database);
const functionRole = (part: string) => arnOf('AWS::IAM::Role', `${part}InVpcRole`);
const ENDPOINT = `vpce-${home.all('AWS::EC2::VPCEndpoint')[0].id}`;

const may = (call: Call) => world.call(call);
const allowed = { allowed: true, because: 'allowed' };
/** The calls of a list that are not allowed. */
const refused = (call: Omit<Call, 'action'>, actions: string[]) =>
  actions.filter(action => !may({ ...call, action }).allowed);

describe.each([
  ['rotation function', 'OrdersRotationFunction', ROTATION, true],
  ['user resource', 'OrdersUserProvider', USER_RESOURCE, false],
  ['revocation function', 'OrdersRevocationFunction', REVOCATION, false],
])('the %s', (_, part, actions, writesAdmin) => {
  const by = functionRole(part);
  const through = { by, endpoint: ENDPOINT };

  test('may do what it does, through the endpoint', () => {
    expect(refused({ ...through, secret: secretOf('Orders') }, actions)).toEqual([]);
    expect(
      refused({ ...through, secret: adminSecretOf('Orders') }, writesAdmin ? actions : ['GetSecretValue']),
    ).toEqual([]);
  });

  test('may do nothing else to its secrets, above all not change what binds or guards them', () => {
    const others = [...WRITING, ...ROTATION].filter(action => !actions.includes(action));
    expect(refused({ ...through, secret: secretOf('Orders') }, others)).toEqual(others);
    const ofAdmin = [...WRITING, ...ROTATION].filter(
      action => !(writesAdmin ? actions : ['GetSecretValue']).includes(action),
    );
    expect(refused({ ...through, secret: adminSecretOf('Orders') }, ofAdmin)).toEqual(ofAdmin);
  });

  test('may do nothing to the secrets of another database', () => {
    for (const secret of [secretOf('Billing'), adminSecretOf('Billing')]) {
      expect(refused({ ...through, secret }, [...WRITING, ...ROTATION])).toEqual([...WRITING, ...ROTATION]);
    }
  });

  test('may use its key through Secrets Manager for its secrets only, and no other key', () => {
    const decrypt = (key: string, context: Record<string, string>) =>
      world.decide(by, 'kms:Decrypt', key, { 'kms:CallerAccount': HOME.account, ...context }).allowed;
    const via = { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com' };
    expect(decrypt(keyOf('Orders'), { ...via, 'kms:EncryptionContext:SecretARN': secretOf('Orders') })).toBe(true);
    expect(decrypt(keyOf('Orders'), { ...via, 'kms:EncryptionContext:SecretARN': secretOf('Billing') })).toBe(false);
    expect(decrypt(keyOf('Orders'), { 'kms:EncryptionContext:SecretARN': secretOf('Orders') })).toBe(false);
    expect(decrypt(keyOf('Orders'), {})).toBe(false);
    expect(decrypt(keyOf('Billing'), { ...via, 'kms:EncryptionContext:SecretARN': secretOf('Orders') })).toBe(false);
  });

  test('is attached to the VPC by Lambda in its name, but its own code cannot touch a network interface', () => {
    const own = { 'lambda:SourceFunctionArn': arnOf('AWS::Lambda::Function', `${part}InVpc`) };
    for (const action of ATTACHING) {
      expect(world.decide(by, action, '*')).toEqual(allowed);
      expect(world.decide(by, action, '*', own).because).toBe('denied by the identity policy');
    }
  });
});

test('these are all the calls that the functions have', () => {
  const store = readFileSync(join(__dirname, '../../../lambda/secrets-manager/store.ts'), 'utf8');
  expect([...new Set([...store.matchAll(/(\w+)Command\(/g)].map(([, action]) => action))].sort()).toEqual(
    [...ROTATION].sort(),
  );
});

describe('a consumer', () => {
  const by = arnOf('AWS::IAM::Role', 'Consumer');

  test('may read its secret, and no other', () => {
    for (const action of ['GetSecretValue', 'DescribeSecret']) {
      expect(may({ by, action, secret: secretOf('Orders') })).toEqual(allowed);
      for (const secret of [secretOf('Billing'), adminSecretOf('Orders')]) {
        expect(may({ by, action, secret }).allowed).toBe(false);
      }
    }
  });

  test('cannot write it, whatever else it may do', () => {
    const administrator = world.person(iamArn('role/administrator'));
    for (const consumer of [by, administrator]) {
      expect(refused({ by: consumer, secret: secretOf('Orders') }, WRITING)).toEqual(WRITING);
    }
    for (const action of WRITING) {
      expect(may({ by: administrator, action, secret: secretOf('Orders') }).because).toBe(
        'denied by the resource policy (WritingByOthers)',
      );
    }
    expect(refused({ by: administrator, secret: adminSecretOf('Orders') }, WRITING)).toEqual(WRITING);
  });

  test('that is limited to a stage may ask for that only, and must name it', () => {
    const limited = arnOf('AWS::IAM::Role', 'Current');
    const asks = (stage?: string) =>
      may({
        by: limited,
        action: 'GetSecretValue',
        secret: secretOf('Orders'),
        context: { 'secretsmanager:VersionStage': stage },
      }).allowed;
    expect(['AWSCURRENT', 'AWSPENDING', undefined].map(asks)).toEqual([true, false, false]);
    expect(may({ by: limited, action: 'DescribeSecret', secret: secretOf('Orders') })).toEqual(allowed);
  });

  test('of a replica reads that, by its own key', () => {
    const there = arnOf('AWS::IAM::Role', 'Abroad');
    const replica = secretOf('Orders').replace('eu-west-1', 'eu-central-1');
    expect(world.decide(there, 'secretsmanager:GetSecretValue', replica)).toEqual(allowed);
    expect(world.decide(there, 'secretsmanager:GetSecretValue', secretOf('Orders')).allowed).toBe(false);
    const decrypt = (service: string) =>
      world.decide(there, 'kms:Decrypt', 'arn:aws:kms:eu-central-1:111111111111:key/there', {
        'kms:ViaService': `secretsmanager.${service}.amazonaws.com`,
        'kms:EncryptionContext:SecretARN': replica,
      }).because;
    // its own policy does, and the key is none of this app's
    expect(decrypt('eu-central-1')).toBe('not allowed by the key policy');
    expect(refused({ by: world.person(iamArn('role/administrator')), secret: replica }, WRITING)).toEqual(WRITING);
  });
});

describe('the guard lets', () => {
  const secret = secretOf('Orders');
  const through = { context: { 'aws:CalledVia': ['cloudformation.amazonaws.com'], 'aws:ViaAWSService': 'true' } };
  const EXECUTION = iamArn('role/cdk-hnb659fds-cfn-exec-role-111111111111-eu-west-1');
  const DEVELOPER = iamArn('user/developer');
  for (const arn of [
    EXECUTION,
    DEVELOPER,
    iamArn('role/glass'),
    iamArn('role/deploy'),
    iamArn('role/cdk-mine'),
    iamArn('role/not-cdk-hnb659fds-cfn-exec-role-111111111111-x'),
  ]) {
    world.person(arn);
  }

  test(
    'CloudFormation with the role of the bootstrap do all it needs, whether it says that it is ' +
      'CloudFormation or not',
    () => {
      expect(refused({ by: EXECUTION, secret }, WRITING)).toEqual([]);
      expect(refused({ by: EXECUTION, secret, ...through }, WRITING)).toEqual([]);
    },
  );

  test('CloudFormation with the credentials of its caller do all it needs, and the caller alone nothing', () => {
    expect(refused({ by: DEVELOPER, secret, ...through }, WRITING)).toEqual([]);
    expect(refused({ by: DEVELOPER, secret }, WRITING)).toEqual(WRITING);
    expect(refused({ by: DEVELOPER, secret, context: { 'aws:CalledVia': ['athena.amazonaws.com'] } }, WRITING)).toEqual(
      WRITING,
    );
  });

  test('break-glass roles and the root user write, and nobody whose name only looks like it', () => {
    for (const by of [iamArn('role/glass'), iamArn('root')]) expect(refused({ by, secret }, WRITING)).toEqual([]);
    for (const by of [iamArn('role/cdk-mine'), iamArn('role/not-cdk-hnb659fds-cfn-exec-role-111111111111-x')]) {
      expect(refused({ by, secret }, WRITING)).toEqual(WRITING);
    }
  });

  test('named deployment roles alone deploy', () => {
    const named = { secret: secretOf('Billing') };
    expect(refused({ ...named, by: iamArn('role/deploy') }, WRITING)).toEqual([]);
    for (const by of [EXECUTION, DEVELOPER]) expect(refused({ ...named, by, ...through }, WRITING)).toEqual(WRITING);
  });

  test('Secrets Manager copy and rotate the secret by itself', () => {
    for (const action of WRITING) {
      const { because } = world.decide('secretsmanager.amazonaws.com', `secretsmanager:${action}`, secret);
      expect(because).not.toContain('denied');
    }
  });
});

describe('reading through the endpoint only', () => {
  const read = (by: string, more: Partial<Call> = {}) =>
    may({ by, action: 'GetSecretValue', secret: secretOf('Ledger'), ...more });
  const consumer = arnOf('AWS::IAM::Role', 'Consumer');
  const [auditor, developer] = [iamArn('role/auditor'), iamArn('user/developer')].map(arn => world.person(arn));

  test('holds for consumers and for the functions', () => {
    for (const by of [
      consumer,
      functionRole('LedgerRotationFunction'),
      functionRole('LedgerUserProvider'),
      developer,
    ]) {
      expect(read(by, { endpoint: ENDPOINT })).toEqual(allowed);
      for (const other of [undefined, 'vpce-other']) {
        expect(read(by, { endpoint: other }).because).toBe('denied by the resource policy (ReadsOutsideEndpoint)');
      }
    }
  });

  test("does not hold for named roles, the root user, who deploys, and services in a caller's name", () => {
    for (const by of [
      auditor,
      iamArn('root'),
      world.person(iamArn('role/cdk-hnb659fds-cfn-exec-role-111111111111-eu-west-1')),
    ]) {
      expect(read(by)).toEqual(allowed);
    }
    expect(
      read(developer, { context: { 'aws:CalledVia': ['cloudformation.amazonaws.com'], 'aws:ViaAWSService': 'true' } }),
    ).toEqual(allowed);
  });

  test('is about the value, of this secret', () => {
    expect(may({ by: developer, action: 'DescribeSecret', secret: secretOf('Ledger') })).toEqual(allowed);
    for (const secret of [adminSecretOf('Ledger'), secretOf('Orders')]) {
      expect(may({ by: developer, action: 'GetSecretValue', secret })).toEqual(allowed);
    }
  });
});

describe('a reader of another account', () => {
  const by = away.arn('AWS::IAM::Role', 'Reader');
  const neighbour = world.person(iamArn('role/neighbour', OTHER_ACCOUNT));

  test('may read this secret, and only that', () => {
    for (const action of ['GetSecretValue', 'DescribeSecret']) {
      expect(may({ by, action, secret: secretOf('Orders') })).toEqual(allowed);
      for (const secret of [secretOf('Billing'), adminSecretOf('Orders')]) {
        expect(may({ by, action, secret }).allowed).toBe(false);
      }
    }
    expect(refused({ by, secret: secretOf('Orders') }, WRITING)).toEqual(WRITING);
  });

  test('is this role, however much its neighbours may do', () => {
    expect(may({ by: neighbour, action: 'GetSecretValue', secret: secretOf('Orders') }).because).toBe(
      'not allowed by the resource policy, which across accounts it takes',
    );
  });

  test('may use the key for this secret through Secrets Manager, and not by itself', () => {
    const context = { 'kms:CallerAccount': OTHER_ACCOUNT, 'kms:EncryptionContext:SecretARN': secretOf('Orders') };
    expect(
      world.decide(by, 'kms:Decrypt', keyOf('Orders'), {
        ...context,
        'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com',
      }),
    ).toEqual(allowed);
    expect(world.decide(by, 'kms:Decrypt', keyOf('Orders'), context).allowed).toBe(false);
    for (const action of ['kms:GenerateDataKey', 'kms:Encrypt', 'kms:CreateGrant', 'kms:PutKeyPolicy']) {
      expect(world.decide(neighbour, action, keyOf('Orders'), context).allowed).toBe(false);
    }
  });

  test("cannot use the VPC's endpoint for a secret of its own account", () => {
    const own = `arn:aws:secretsmanager:eu-west-1:${OTHER_ACCOUNT}:secret:own-Ab3dEf`;
    expect(may({ by: neighbour, action: 'GetSecretValue', secret: own })).toEqual(allowed);
    expect(may({ by: neighbour, action: 'GetSecretValue', secret: own, endpoint: ENDPOINT }).because).toBe(
      'not allowed by the endpoint policy',
    );
  });
});

test('an endpoint that leads to bound secrets only leads the functions to theirs, and nobody to another', () => {
  const stack = new Stack(new App(), 'Narrow', { env: HOME });
  const vpc = isolatedVpc(stack);
  const secretsManagerEndpoint = SecretsManagerEndpoint.forVpc(vpc, { onlyBoundSecrets: true });
  new RotatingPostgres(stack, 'Orders', { vpc, secretsManagerEndpoint });
  new secretsmanager.Secret(stack, 'Unbound');
  const narrow = new PolicyWorld();
  const made = narrow.deploy(Template.fromStack(stack), { stack: 'Narrow', ...HOME });
  const endpoint = `vpce-${made.all('AWS::EC2::VPCEndpoint')[0].id}`;
  const secret = (part: string) => made.arn('AWS::SecretsManager::Secret', part);
  const calls = (by: string, of: string, actions: string[]) =>
    actions.filter(action => narrow.call({ by, action, secret: of, endpoint }).allowed);
  expect(calls(made.arn('AWS::IAM::Role', 'RotationFunctionInVpc'), secret('OrdersUser'), ROTATION)).toEqual(ROTATION);
  expect(calls(made.arn('AWS::IAM::Role', 'UserProviderInVpc'), secret('OrdersUser'), USER_RESOURCE)).toEqual(
    USER_RESOURCE,
  );
  expect(
    calls(made.arn('AWS::IAM::Role', 'UserProviderInVpc'), secret('OrdersAdminSecret'), ['GetSecretValue']),
  ).toEqual(['GetSecretValue']);
  const administrator = narrow.person(iamArn('role/administrator'));
  expect(
    narrow.call({ by: administrator, action: 'GetSecretValue', secret: secret('Unbound'), endpoint }).because,
  ).toBe('not allowed by the endpoint policy');
});

test('an organisation reads, whoever in it is allowed to by its own account, and nobody outside', () => {
  const read = (by: string, context = {}) => may({ by, action: 'GetSecretValue', secret: secretOf('Shared'), context });
  const [member, bystander] = [
    world.person(iamArn('role/member', '333333333333')),
    world.person(iamArn('role/bystander', '333333333333'), {
      Effect: 'Allow',
      Action: 's3:*',
      Resource: '*',
    }),
  ];
  expect(read(member)).toEqual(allowed);
  expect(read(bystander).because).toBe('not allowed by the identity policy of the other account');
  expect(read(member, { 'aws:PrincipalOrgID': 'o-stranger' }).allowed).toBe(false);
  expect(refused({ by: member, secret: secretOf('Shared') }, WRITING)).toEqual(WRITING);
});

test('administrators of the key cannot use it, not even with every permission for keys', () => {
  const administrator = world.person(iamArn('role/key-administrator'), {
    Effect: 'Allow',
    Action: 'kms:*',
    Resource: '*',
  });
  const ask = (action: string, context = {}) =>
    world.decide(administrator, action, keyOf('Orders'), { 'kms:CallerAccount': HOME.account, ...context }).allowed;
  for (const action of ['kms:DescribeKey', 'kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion']) {
    expect(ask(action)).toBe(true);
  }
  for (const action of ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:CreateGrant']) {
    expect(ask(action)).toBe(false);
  }
  expect(may({ by: administrator, action: 'GetSecretValue', secret: secretOf('Orders') }).allowed).toBe(false);
});
