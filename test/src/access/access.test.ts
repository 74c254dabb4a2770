import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { HOME, made, NAMING, policyOf, READER_ACCOUNT } from './access';
import {
  DatabaseProxy,
  ProxyAuthentication,
  RotatingPostgres,
  RotationStrategy,
  ScheduledRotation,
  SecretGuard,
} from '../../../src';
import { logicalId, only } from '../support/stacks';

describe('the guard', () => {
  const { db, template } = made();
  const rendered = template();
  const roleArn = (part: string) => ({ 'Fn::GetAtt': [only(rendered, 'AWS::IAM::Role', part)[0], 'Arn'] });
  const iamArn = (resource: string) => ({
    'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::${HOME.account}:${resource}`]],
  });
  const always = [iamArn(`role/cdk-*-cfn-exec-role-${HOME.account}-${HOME.region}`), iamArn('root')];

  test(
    "denies writing the application's secret to all but the functions that write it, deployment and the " + 'root user',
    () => {
      expect(policyOf(rendered, db.secret)).toEqual([
        {
          Sid: 'WritingByOthers',
          Effect: 'Deny',
          Principal: '*',
          Resource: '*',
          Action: [
            'CancelRotateSecret',
            'DeleteResourcePolicy',
            'DeleteSecret',
            'PutResourcePolicy',
            'PutSecretValue',
            'RemoveRegionsFromReplication',
            'ReplicateSecretToRegions',
            'RestoreSecret',
            'RotateSecret',
            'StopReplicationToReplica',
            'TagResource',
            'UntagResource',
            'UpdateSecret',
            'UpdateSecretVersionStage',
          ].map(action => `secretsmanager:${action}`),
          Condition: {
            ArnNotLike: {
              'aws:PrincipalArn': [roleArn('UserProviderInVpc'), roleArn('RotationFunctionInVpc'), ...always],
            },
            'ForAllValues:StringNotEquals': { 'aws:CalledVia': ['cloudformation.amazonaws.com'] },
            BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
          },
        },
      ]);
    },
  );

  test('of the admin secret exempts the rotation function only, which alone writes it', () => {
    const [{ Condition }] = policyOf(rendered, db.adminSecret.node.scope as secretsmanager.Secret);
    expect(Condition).toMatchObject({
      ArnNotLike: { 'aws:PrincipalArn': [roleArn('RotationFunctionInVpc'), ...always] },
    });
  });

  test('is one resource per secret, and has Secrets Manager refuse a policy that lets everyone in', () => {
    rendered.resourceCountIs('AWS::SecretsManager::ResourcePolicy', 2);
    rendered.allResourcesProperties('AWS::SecretsManager::ResourcePolicy', { BlockPublicPolicy: true });
  });

  test('exempts the revocation function once there is one, and for further users as well', () => {
    const { db: other, template: then } = made();
    const reports = other.addUser('reports');
    other.grantRevoke(new iam.Role(other, 'Incident', { assumedBy: new iam.AccountRootPrincipal() }));
    for (const { secret } of [other.user, reports]) {
      const [{ Condition }] = policyOf(then(), secret);
      const exempt = (Condition as { ArnNotLike: Record<string, unknown[]> }).ArnNotLike['aws:PrincipalArn'];
      expect(exempt).toHaveLength(5);
      expect(exempt).toContainEqual({ 'Fn::GetAtt': [logicalId(other.revocationFunction.role), 'Arn'] });
    }
  });

  test('exempts break-glass roles, and of named deployment roles only these', () => {
    const stack = new Stack(new App(), 'Roles', { env: HOME });
    const role = (name: string) => iam.Role.fromRoleArn(stack, name, `arn:aws:iam::${HOME.account}:role/${name}`);
    const { db: guarded, template: then } = made({
      guard: { breakGlassRoles: [role('glass')], deploymentRoles: [role('deploy')] },
    });
    for (const secret of [guarded.secret, guarded.adminSecret.node.scope as secretsmanager.Secret]) {
      const [{ Condition }] = policyOf(then(), secret);
      const { ArnNotLike, ...others } = Condition as { ArnNotLike: Record<string, unknown[]> };
      expect(ArnNotLike['aws:PrincipalArn'].slice(-3)).toEqual([
        `arn:aws:iam::${HOME.account}:role/deploy`,
        `arn:aws:iam::${HOME.account}:role/glass`,
        iamArn('root'),
      ]);
      expect(Object.keys(others)).toEqual(['BoolIfExists']);
    }
  });

  test('does not leave deployment to nobody', () => {
    expect(() => made({ guard: { deploymentRoles: [] } })).toThrow(
      "'deploymentRoles' is empty, so that nothing could be deployed any more",
    );
  });

  test('can be left out, and then the secret has no policy', () => {
    made({ guard: { denyWriting: false } })
      .template()
      .resourceCountIs('AWS::SecretsManager::ResourcePolicy', 0);
  });

  test('shares the policy with what the app adds to the secret itself', () => {
    const { db: own, template: then } = made();
    own.secret.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'Own',
        principals: [new iam.AccountPrincipal(HOME.account)],
        actions: ['secretsmanager:DescribeSecret'],
        resources: ['*'],
      }),
    );
    expect(policyOf(then(), own.secret).map(({ Sid }) => Sid)).toEqual(['WritingByOthers', 'Own']);
  });

  test('is for a secret of this app, and one for each', () => {
    const { stack, db: guarded } = made();
    expect(() => new SecretGuard(stack, 'Second', { secret: guarded.user.secret })).toThrow(
      "Stack/Second: 'secret' (Stack/Orders/User/Secret) has a guard",
    );
  });

  test('that is made last exempts the functions all the same', () => {
    const { stack, db: guarded, template: then } = made();
    const secret = new secretsmanager.Secret(stack, 'Other', { secretName: 'other' });
    const target = {
      asSecretAttachmentTarget: () => ({
        targetId: 'other',
        targetType: secretsmanager.AttachmentTargetType.RDS_DB_INSTANCE,
      }),
    };
    const attached = new secretsmanager.SecretTargetAttachment(stack, 'Attachment', { secret, target });
    new ScheduledRotation(stack, 'Rotation', { secret: attached, rotationFunction: guarded.rotationFunction });
    new SecretGuard(stack, 'Own', { secret });
    const [{ Condition }] = policyOf(then(), secret);
    expect(Condition).toMatchObject({
      ArnNotLike: { 'aws:PrincipalArn': [roleArn('RotationFunctionInVpc'), ...always] },
    });
  });
});

describe('denyReadsOutsideEndpoint', () => {
  test(
    'denies the value, not the description, to whoever comes another way, but for services, deployment ' +
      'and named roles',
    () => {
      const { stack, db, template } = made({ strategy: RotationStrategy.SINGLE_USER });
      const vpc = stack.node.findChild('Vpc') as ec2.Vpc;
      new DatabaseProxy(stack, 'Proxy', {
        vpc,
        database: db.database,
        authentication: ProxyAuthentication.secrets([db.user]),
      });
      const proxy = iam.Role.fromRoleArn(stack, 'Made', `arn:aws:iam::${HOME.account}:role/proxy`);
      db.user.guard.denyReadsOutsideEndpoint({ exceptRoles: [proxy], furtherEndpointIds: ['vpce-other'] });
      const rendered = template();
      const [, statement] = policyOf(rendered, db.secret);
      expect(statement).toMatchObject({
        Sid: 'ReadsOutsideEndpoint',
        Effect: 'Deny',
        Principal: '*',
        Action: 'secretsmanager:GetSecretValue',
        Condition: {
          StringNotEquals: { 'aws:SourceVpce': [{ Ref: only(rendered, 'AWS::EC2::VPCEndpoint')[0] }, 'vpce-other'] },
          ArnNotLike: {
            'aws:PrincipalArn': expect.arrayContaining([
              { 'Fn::GetAtt': [only(rendered, 'AWS::IAM::Role', 'Proxy')[0], 'Arn'] },
              proxy.roleArn,
            ]),
          },
          BoolIfExists: { 'aws:ViaAWSService': 'false', 'aws:PrincipalIsAWSService': 'false' },
        },
      });
      expect(policyOf(rendered, db.adminSecret.node.scope as secretsmanager.Secret)).toHaveLength(1);
    },
  );

  test('is refused where a function of ours reads by a way that the app does not know', () => {
    const app = new App();
    const stack = new Stack(app, 'Stack', { env: HOME });
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1',
      availabilityZones: ['eu-west-1a', 'eu-west-1b'],
      isolatedSubnetIds: ['subnet-1', 'subnet-2'],
    });
    const db = new RotatingPostgres(stack, 'Orders', { vpc });
    db.user.guard.denyReadsOutsideEndpoint();
    expect(() => app.synth()).toThrow(
      /UserProvider\/InVpc\/Role writes this secret from a VPC whose endpoint is not known here/,
    );
  });

  test('and readers of another account exclude each other, in either order', () => {
    const [first, second] = [made({ naming: NAMING }).db, made({ naming: NAMING }).db];
    const reader = new iam.AccountPrincipal(READER_ACCOUNT);
    first.user.guard.denyReadsOutsideEndpoint();
    expect(() => first.grantRead(reader)).toThrow('choose one of grantRead() for them and denyReadsOutsideEndpoint()');
    second.grantRead(reader);
    expect(() => second.user.guard.denyReadsOutsideEndpoint()).toThrow(
      'Stack/Orders/User/Guard: the secret is read by another account',
    );
  });
});

test('a path comes before the names of secrets', () => {
  const { db } = made({ naming: { ...NAMING, prefix: 'platform/databases' } });
  const rendered = Template.fromStack(Stack.of(db));
  for (const [part, type] of [
    ['User', 'app'],
    ['AdminSecret', 'admin'],
  ]) {
    expect(only(rendered, 'AWS::SecretsManager::Secret', part)[1].Properties.Name).toBe(
      `platform/databases/production/orders/database_${type}`,
    );
  }
  for (const prefix of ['', '/platform', 'platform/']) {
    expect(() => made({ naming: { ...NAMING, prefix } })).toThrow(`'naming.prefix' is '${prefix}'`);
  }
});
