import assert from 'node:assert/strict';
import { DeleteSecretCommand, DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Checks } from './checks';
import { Deployment, TemplateResource } from './deployment';
import { LocalCloud } from './local-cloud';

type Resources = Record<string, TemplateResource>;

const TRUST = {
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
};
/** Answers CloudFormation itself: what no function of the library does in a VPC. */
const ANSWERING = `
exports.handler = async ({ ResponseURL, StackId, RequestId, LogicalResourceId }) => {
  const answer = { Status: 'SUCCESS', PhysicalResourceId: 'answered', StackId, RequestId, LogicalResourceId };
  await fetch(ResponseURL, { method: 'PUT', body: JSON.stringify(answer) });
};`;

const PROTECTED_DATABASE: Resources = {
  Database: {
    Type: 'AWS::RDS::DBInstance',
    Properties: {
      Engine: 'postgres',
      MasterUsername: 'postgres',
      MasterUserPassword: 'not-a-secret-1',
      DeletionProtection: true,
    },
    DeletionPolicy: 'Delete',
  },
};

/** Rules that need no database: each holds for a small template, and fails for one beyond it. */
export async function checkBrokenTemplates(checks: Checks, cloud: LocalCloud): Promise<void> {
  let stacks = 0;
  const deployment = (Resources: Resources) => new Deployment(cloud, `Small${++stacks}`, { Resources });
  const passes = async (Resources: Resources) => {
    const stack = deployment(Resources);
    await stack.create();
    await stack.delete();
  };
  const limit = async (name: string, largest: Resources, larger: Resources, cause: RegExp) =>
    checks.check(`a deployment fails: ${name}`, async () => {
      await passes(largest);
      await assert.rejects(deployment(larger).create(), cause);
    });

  const role = (length: number) => ({
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: TRUST,
        Policies: [{ PolicyName: 'Inline', PolicyDocument: policy(length / 2) }],
      },
    },
    Policy: {
      Type: 'AWS::IAM::Policy',
      Properties: { PolicyName: 'Further', Roles: [{ Ref: 'Role' }], PolicyDocument: policy(length / 2) },
    },
  });
  await limit(
    'a role with more than 10,240 characters of inline policies',
    role(10_240),
    role(10_242),
    /Maximum policy size of 10240 bytes exceeded/,
  );

  const key = (length: number) => ({ Key: { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: policy(length) } } });
  await limit('a key policy above 32 kB', key(32_768), key(32_769), /longer than the quota of 32768 bytes/);

  const guarded = (length: number) => ({
    Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { GenerateSecretString: {} } },
    Guard: {
      Type: 'AWS::SecretsManager::ResourcePolicy',
      Properties: { SecretId: { Ref: 'Secret' }, ResourcePolicy: policy(length) },
    },
  });
  await limit(
    'a policy of a secret above 20,480 characters',
    guarded(20_480),
    guarded(20_481),
    /longer than 20480 characters/,
  );

  const permissions = (count: number) => ({
    ...inlineFunction(),
    ...Object.fromEntries(
      Array.from({ length: count }, (_, index): [string, TemplateResource] => [
        `Permission${index}`,
        {
          Type: 'AWS::Lambda::Permission',
          Properties: {
            FunctionName: { Ref: 'Function' },
            Action: 'lambda:InvokeFunction',
            Principal: 'secretsmanager.amazonaws.com',
            SourceArn: `arn:${'x'.repeat(900)}`,
          },
        },
      ]),
    ),
  });
  await limit(
    'a function policy above 20,480 characters',
    permissions(15),
    permissions(20),
    /bigger than the limit \(20480\)/,
  );

  const environment = (length: number) =>
    inlineFunction({ Environment: { Variables: { SERVERS: 'x'.repeat(length) } } });
  await limit('more than 4 kB of environment', environment(4_000), environment(4_096), /exceeded the 4KB limit/);

  await limit(
    'an answer to CloudFormation out of a subnet that has no NAT gateway',
    answering({ nat: true }),
    answering({ nat: false }),
    /does not reach secretsmanager, for which vpc-\w+ has no endpoint with private DNS: subnet-\w+ has no route to a NAT gateway/,
  );

  await checks.check('a deletion fails: a database with deletion protection', async () => {
    const stack = deployment(PROTECTED_DATABASE);
    await stack.create();
    const { Database: DBInstanceIdentifier } = await stack.resources('AWS::RDS::DBInstance');
    await assert.rejects(stack.delete(), /Cannot delete protected DB Instance/);
    await cloud.query('rds', {
      Action: 'ModifyDBInstance',
      DBInstanceIdentifier,
      DeletionProtection: 'false',
      ApplyImmediately: 'true',
    });
    await stack.delete();
  });

  await checks.check('a deletion leaves what the template retains', async () => {
    const stack = deployment({
      Secret: {
        Type: 'AWS::SecretsManager::Secret',
        Properties: { Name: 'kept', GenerateSecretString: {} },
        DeletionPolicy: 'Retain',
      },
    });
    await stack.create();
    await stack.delete();
    const client = new SecretsManagerClient(cloud.client);
    await client.send(new DescribeSecretCommand({ SecretId: 'kept' }));
    await client.send(new DeleteSecretCommand({ SecretId: 'kept', ForceDeleteWithoutRecovery: true }));
  });
}

/** A policy document of so many characters. */
function policy(length: number): object {
  const document = (Sid: string) => ({
    Version: '2012-10-17',
    Statement: [{ Sid, Effect: 'Deny', Action: 's3:GetObject', Resource: '*' }],
  });
  return document('x'.repeat(length - JSON.stringify(document('')).length));
}

function inlineFunction(properties: Record<string, unknown> = {}): Resources {
  return {
    Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: TRUST } },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: { ZipFile: ANSWERING },
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        ...properties,
      },
    },
  };
}

/** A custom resource whose function is in a private subnet, with a NAT gateway in a public one, or without. */
function answering({ nat }: { nat: boolean }): Resources {
  const VpcId = { Ref: 'Vpc' };
  const DestinationCidrBlock = '0.0.0.0/0';
  const routes: Resources = Object.fromEntries(
    ['Public', 'Private'].flatMap((name, index): [string, TemplateResource][] => [
      [name, { Type: 'AWS::EC2::Subnet', Properties: { VpcId, CidrBlock: `10.0.${index}.0/24` } }],
      [`${name}Table`, { Type: 'AWS::EC2::RouteTable', Properties: { VpcId } }],
      [
        `${name}Association`,
        {
          Type: 'AWS::EC2::SubnetRouteTableAssociation',
          Properties: { RouteTableId: { Ref: `${name}Table` }, SubnetId: { Ref: name } },
        },
      ],
    ]),
  );
  return {
    Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } },
    ...routes,
    Gateway: { Type: 'AWS::EC2::InternetGateway' },
    Address: { Type: 'AWS::EC2::EIP', Properties: { Domain: 'vpc' } },
    Nat: {
      Type: 'AWS::EC2::NatGateway',
      Properties: { SubnetId: { Ref: 'Public' }, AllocationId: { 'Fn::GetAtt': ['Address', 'AllocationId'] } },
    },
    PublicRoute: {
      Type: 'AWS::EC2::Route',
      Properties: { RouteTableId: { Ref: 'PublicTable' }, DestinationCidrBlock, GatewayId: { Ref: 'Gateway' } },
    },
    ...(nat && {
      PrivateRoute: {
        Type: 'AWS::EC2::Route',
        Properties: { RouteTableId: { Ref: 'PrivateTable' }, DestinationCidrBlock, NatGatewayId: { Ref: 'Nat' } },
      },
    }),
    Group: { Type: 'AWS::EC2::SecurityGroup', Properties: { VpcId, GroupDescription: 'all egress' } },
    ...inlineFunction({
      VpcConfig: { SubnetIds: [{ Ref: 'Private' }], SecurityGroupIds: [{ 'Fn::GetAtt': ['Group', 'GroupId'] }] },
    }),
    Answer: {
      Type: 'Custom::Answer',
      Properties: { ServiceToken: { 'Fn::GetAtt': ['Function', 'Arn'] } },
      DependsOn: ['PublicRoute', 'PrivateAssociation', 'PublicAssociation', ...(nat ? ['PrivateRoute'] : [])],
    },
  };
}
