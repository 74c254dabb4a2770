import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { deployed, isolatedVpc, logicalId, only, resourcesOf, type TemplateResource } from './support/stacks';
import { RotatingPostgres, RotationStrategy } from '../../src';

const { template, db } = deployed();
const ACCOUNT = { Ref: 'AWS::AccountId' };
const adminSecret = { Ref: logicalId(db.adminSecret) };
const appSecret = { Ref: logicalId(db.secret) };
const key = { 'Fn::GetAtt': [logicalId(db.encryptionKey), 'Arn'] };
const via = (service: string) => ({ 'Fn::Join': ['', [`${service}.`, { Ref: 'AWS::Region' }, '.amazonaws.com']] });
const root = { AWS: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::', ACCOUNT, ':root']] } };

const allow = (Action: string | string[], Resource: unknown) => ({ Action, Effect: 'Allow', Resource });
const allowKeyFor = (secret: unknown, Action: string | string[]) => ({
  ...allow(Action, key),
  Condition: { StringEquals: { 'kms:ViaService': via('secretsmanager'), 'kms:EncryptionContext:SecretARN': secret } },
});

/** Every statement that a role has, in its own inline policies and in those attached to it. */
function statementsOf(rendered: Template, rolePart: string): unknown[] {
  const [roleId, role] = only(rendered, 'AWS::IAM::Role', rolePart);
  expect(role.Properties.ManagedPolicyArns).toBeUndefined();
  const attached = Object.values(resourcesOf(rendered)).filter(
    resource =>
      resource.Type === 'AWS::IAM::Policy' &&
      (resource.Properties.Roles as { Ref: string }[]).some(({ Ref }) => Ref === roleId),
  );
  const documents = [
    ...((role.Properties.Policies as { PolicyDocument: { Statement: unknown[] } }[]) ?? []).map(
      policy => policy.PolicyDocument,
    ),
    ...attached.map(policy => policy.Properties.PolicyDocument as { Statement: unknown[] }),
  ];
  return documents.flatMap(document => document.Statement);
}
const ownLogs = (part: string) =>
  allow(['logs:CreateLogStream', 'logs:PutLogEvents'], {
    'Fn::GetAtt': [only(template, 'AWS::Logs::LogGroup', part)[0], 'Arn'],
  });
const ATTACHING = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];
/** For Lambda, which does it in the role's name, and not for the function's own code. */
const ATTACH_TO_VPC = [
  allow(ATTACHING, '*'),
  { Action: ATTACHING, Effect: 'Deny', Resource: '*', Condition: { Null: { 'lambda:SourceFunctionArn': 'false' } } },
];
const ROTATE = [
  'secretsmanager:DescribeSecret',
  'secretsmanager:GetSecretValue',
  'secretsmanager:PutSecretValue',
  'secretsmanager:UpdateSecretVersionStage',
  'secretsmanager:ListSecretVersionIds',
];

function sameStatements(actual: unknown[], expected: unknown[]) {
  expect(actual).toHaveLength(expected.length);
  expect(actual).toEqual(expect.arrayContaining(expected));
}

test(
  'the rotation function may rotate its two secrets, log in as the admin, write its log and attach to ' +
    'the VPC: nothing else',
  () => {
    sameStatements(statementsOf(template, 'RotationFunction'), [
      ownLogs('RotationFunction'),
      ...ATTACH_TO_VPC,
      allow(ROTATE, [appSecret, adminSecret]),
      allowKeyFor([appSecret, adminSecret], ['kms:Decrypt', 'kms:GenerateDataKey']),
    ]);
  },
);

test(
  'to rotate a single user the function may log in as the admin too, for a user that may not change ' +
    'its own password',
  () => {
    const single = deployed({ strategy: RotationStrategy.SINGLE_USER });
    sameStatements(statementsOf(single.template, 'RotationFunction'), statementsOf(template, 'RotationFunction'));
  },
);

describe('grantRevoke', () => {
  const stack = new Stack(new App(), 'Stack');
  const orders = new RotatingPostgres(stack, 'Orders', { vpc: isolatedVpc(stack) });
  for (const id of ['Incident', 'Automation']) {
    orders
      .grantRevoke(new iam.Role(stack, id, { assumedBy: new iam.ServicePrincipal('states.amazonaws.com') }))
      .assertSuccess();
  }
  const rendered = Template.fromStack(stack);

  test('allows to invoke the function that revokes, and not the secret', () => {
    const revoke = { 'Fn::GetAtt': [logicalId(orders.revocationFunction.function), 'Arn'] };
    for (const id of ['Incident', 'Automation']) {
      sameStatements(statementsOf(rendered, id), [allow('lambda:InvokeFunction', revoke)]);
    }
  });

  test(
    "makes that function, which may replace the user's credential, log in as the admin, write its log " +
      'and attach to the VPC: nothing else',
    () => {
      const logs = { 'Fn::GetAtt': [only(rendered, 'AWS::Logs::LogGroup', 'Revocation')[0], 'Arn'] };
      sameStatements(statementsOf(rendered, 'RevocationFunction'), [
        allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logs),
        ...ATTACH_TO_VPC,
        allow(ROTATE.slice(0, 4), appSecret),
        allowKeyFor(appSecret, ['kms:Decrypt', 'kms:GenerateDataKey']),
        allow('secretsmanager:GetSecretValue', adminSecret),
        allowKeyFor(adminSecret, 'kms:Decrypt'),
      ]);
      const [, { Properties }] = only(rendered, 'AWS::Lambda::Function', 'RevocationFunction');
      expect(Properties.Environment).toEqual({ Variables: { ROTATING_POSTGRES_SERVERS: expect.anything() } });
    },
  );

  test('changes nothing else, but that the guard of the secret lets the function write', () => {
    const properties = (resources: Record<string, TemplateResource>) =>
      Object.fromEntries(
        Object.entries(resources)
          .filter(([id]) => !/Revocation|^Incident|^Automation/.test(id))
          .map(([id, { Properties }]) => [id, Properties]),
      );
    const exempt: unknown[] = [];
    const others: Record<string, unknown> = JSON.parse(
      JSON.stringify(properties(resourcesOf(rendered))),
      (name, value) => {
        if (name !== 'aws:PrincipalArn') return value;
        const added = (value as unknown[]).filter(arn => JSON.stringify(arn).includes('Revocation'));
        exempt.push(...added);
        return (value as unknown[]).filter(arn => !added.includes(arn));
      },
    );
    expect(others).toEqual(properties(resourcesOf(template)));
    expect(exempt).toEqual([{ 'Fn::GetAtt': [logicalId(orders.revocationFunction.role), 'Arn'] }]);
  });
});

test("the function that creates users may log in as the admin and complete the user's secret: nothing else", () => {
  sameStatements(statementsOf(template, 'UserProviderInVpc'), [
    ownLogs('UserProviderInVpc'),
    ...ATTACH_TO_VPC,
    allow('secretsmanager:GetSecretValue', adminSecret),
    allowKeyFor(adminSecret, 'kms:Decrypt'),
    allow(ROTATE.slice(0, 4), appSecret),
    allowKeyFor(appSecret, ['kms:Decrypt', 'kms:GenerateDataKey']),
  ]);
});

test('the framework function may invoke that one function', () => {
  const handler = { 'Fn::GetAtt': [only(template, 'AWS::Lambda::Function', 'UserProviderInVpc')[0], 'Arn'] };
  sameStatements(statementsOf(template, 'UserProviderFramework'), [
    ownLogs('UserProviderFramework'),
    allow(['lambda:InvokeFunction', 'lambda:GetFunction'], handler),
  ]);
});

test('grantRead allows the secret, and its key for this secret through Secrets Manager: nothing else', () => {
  const stack = new Stack(new App(), 'Stack');
  const orders = new RotatingPostgres(stack, 'Orders', { vpc: isolatedVpc(stack) });
  const reader = new iam.Role(stack, 'Reader', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') });
  orders.grantRead(reader).assertSuccess();
  const rendered = Template.fromStack(stack);
  sameStatements(statementsOf(rendered, 'Reader'), [
    allow(['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'], appSecret),
    allowKeyFor(appSecret, 'kms:Decrypt'),
  ]);
  const others = Object.fromEntries(Object.entries(resourcesOf(rendered)).filter(([id]) => !id.startsWith('Reader')));
  expect(others).toEqual(resourcesOf(template));
});

test('Secrets Manager may invoke the function for this account, by one statement', () => {
  expect(only(template, 'AWS::Lambda::Permission')[1].Properties).toEqual({
    Action: 'lambda:InvokeFunction',
    FunctionName: { 'Fn::GetAtt': [logicalId(db.rotationFunction.function), 'Arn'] },
    Principal: 'secretsmanager.amazonaws.com',
    SourceAccount: ACCOUNT,
  });
});

describe('the key policy', () => {
  const [, { Properties }] = only(template, 'AWS::KMS::Key');
  const policy = Properties.KeyPolicy as { Statement: { Sid: string; Action: string | string[] }[] };

  test(
    'delegates use to identity policies through Secrets Manager and RDS only, and grants to RDS for its ' +
      'own resources',
    () => {
      const through = (service: string) => ({ 'kms:ViaService': via(service), 'kms:CallerAccount': ACCOUNT });
      const delegate = (Sid: string, Action: string | string[], Condition: object) => ({
        Sid,
        Effect: 'Allow',
        Principal: root,
        Action,
        Resource: '*',
        Condition,
      });
      sameStatements(
        policy.Statement.filter(({ Sid }) => Sid !== 'AdministerWithoutUse'),
        [
          delegate('UseThroughSecretsManager', ['kms:Decrypt', 'kms:GenerateDataKey'], {
            StringEquals: through('secretsmanager'),
          }),
          delegate('UseThroughRds', ['kms:Decrypt', 'kms:GenerateDataKey'], { StringEquals: through('rds') }),
          delegate('GrantToRds', 'kms:CreateGrant', {
            StringEquals: through('rds'),
            Bool: { 'kms:GrantIsForAWSResource': 'true' },
          }),
          {
            Sid: 'GrantToNobodyElse',
            Effect: 'Deny',
            Principal: '*',
            Action: 'kms:CreateGrant',
            Resource: '*',
            Condition: { BoolIfExists: { 'kms:GrantIsForAWSResource': 'false', 'aws:PrincipalIsAWSService': 'false' } },
          },
        ],
      );
    },
  );

  test('lets administrators do anything but use the key or hand its use out', () => {
    const [{ Action, ...rest }] = policy.Statement.filter(({ Sid }) => Sid === 'AdministerWithoutUse');
    for (const action of Action) {
      expect(action).not.toMatch(/\*|Encrypt|Decrypt|DataKey|Mac|Sign|Verify|CreateGrant|DeriveSharedSecret/);
    }
    const of = (verb: string, ...nouns: string[]) => nouns.map(noun => `kms:${verb}${noun}`);
    expect([...Action].sort()).toEqual(
      [
        ...of('Create', 'Alias'),
        ...of('Update', 'Alias', 'KeyDescription'),
        ...of('Delete', 'Alias'),
        ...of('Describe', 'Key'),
        ...of('Enable', 'Key', 'KeyRotation'),
        ...of('Disable', 'Key', 'KeyRotation'),
        ...of('Get', 'KeyPolicy', 'KeyRotationStatus'),
        ...of('List', 'Grants', 'KeyPolicies', 'KeyRotations', 'ResourceTags'),
        ...of('Put', 'KeyPolicy'),
        ...of('Revoke', 'Grant'),
        ...of('Rotate', 'KeyOnDemand'),
        ...of('Schedule', 'KeyDeletion'),
        ...of('Cancel', 'KeyDeletion'),
        ...of('Tag', 'Resource'),
        ...of('Untag', 'Resource'),
      ].sort(),
    );
    expect(rest).toEqual({ Sid: 'AdministerWithoutUse', Effect: 'Allow', Principal: root, Resource: '*' });
  });
});

test('a key of the caller is used as it is', () => {
  const stack = new Stack(new App(), 'Stack');
  const own = new kms.Key(stack, 'Own');
  new RotatingPostgres(stack, 'Orders', { vpc: isolatedVpc(stack), encryptionKey: own });
  const rendered = Template.fromStack(stack);
  const [id, { Properties }] = only(rendered, 'AWS::KMS::Key');
  expect((Properties.KeyPolicy as { Statement: unknown[] }).Statement).toEqual([
    { ...allow('kms:*', '*'), Principal: root },
  ]);
  for (const type of ['AWS::SecretsManager::Secret', 'AWS::RDS::DBInstance']) {
    rendered.allResourcesProperties(type, { KmsKeyId: { 'Fn::GetAtt': [id, 'Arn'] } });
  }
});
