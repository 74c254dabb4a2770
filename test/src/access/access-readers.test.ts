import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { HOME, keyPolicyOf, made, NAMING, policyOf, READER_ACCOUNT, READER_ROLE, type Written } from './access';
import { EncryptionKey, RotatingPostgres, ServiceTrust } from '../../../src';
import { isolatedVpc, logicalId, only, resourcesOf } from '../support/stacks';

describe('grantRead with stages', () => {
  test('allows the value of these only, and the description', () => {
    const { stack, db, template } = made();
    const role = new iam.Role(stack, 'Reader', { assumedBy: ServiceTrust.lambda() });
    db.grantRead(role, { stages: ['AWSCURRENT'] }).assertSuccess();
    const statements = (
      only(template(), 'AWS::IAM::Policy', 'Reader')[1].Properties.PolicyDocument as { Statement: Written[] }
    ).Statement;
    const Resource = { Ref: logicalId(db.secret) };
    expect(statements.slice(0, 2)).toEqual([
      { Effect: 'Allow', Action: 'secretsmanager:DescribeSecret', Resource },
      {
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource,
        Condition: { 'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': ['AWSCURRENT'] } },
      },
    ]);
    expect(() => db.grantRead(role, { stages: [] })).toThrow("Stack/Orders/User: 'stages' is empty");
  });
});

describe('a reader of another account', () => {
  const { stack, db, template } = made({ naming: NAMING });
  db.grantRead(iam.Role.fromRoleArn(stack, 'Reports', READER_ROLE)).assertSuccess();
  const rendered = template();
  const account = { AWS: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::${READER_ACCOUNT}:root`]] } };

  test('is admitted by the secret, by a condition, so that the role need not exist yet', () => {
    expect(policyOf(rendered, db.secret)[1]).toEqual({
      Effect: 'Allow',
      Principal: account,
      Resource: '*',
      Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
      Condition: { ArnEquals: { 'aws:PrincipalArn': READER_ROLE } },
    });
    expect(policyOf(rendered, db.adminSecret.node.scope as secretsmanager.Secret)).toHaveLength(1);
  });

  test('is admitted by the key, through Secrets Manager and for this secret only', () => {
    expect(keyPolicyOf(rendered).at(-1)).toEqual({
      Effect: 'Allow',
      Principal: account,
      Resource: '*',
      Action: 'kms:Decrypt',
      Condition: {
        ArnEquals: { 'aws:PrincipalArn': READER_ROLE },
        StringEquals: { 'kms:ViaService': `secretsmanager.${HOME.region}.amazonaws.com` },
        StringLike: {
          'kms:EncryptionContext:SecretARN': {
            'Fn::Join': [
              '',
              [
                'arn:',
                { Ref: 'AWS::Partition' },
                `:secretsmanager:${HOME.region}:${HOME.account}:secret:production/orders/database_app-??????`,
              ],
            ],
          },
        },
      },
    });
  });

  test('gets no policy in this account', () => {
    expect(Object.keys(resourcesOf(rendered)).filter(id => id.startsWith('Reports'))).toEqual([]);
  });

  test('that is a role of this app gets its own side in its own stack', () => {
    const { app, db: read } = made({ naming: NAMING });
    const elsewhere = new Stack(app, 'Elsewhere', { env: { account: READER_ACCOUNT, region: HOME.region } });
    const role = new iam.Role(elsewhere, 'Reader', { roleName: 'reader', assumedBy: new iam.AccountRootPrincipal() });
    read.grantRead(role).assertSuccess();
    const [, { Properties }] = only(Template.fromStack(elsewhere), 'AWS::IAM::Policy');
    const arn = (service: string, resource: string) => ({
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:${service}:${HOME.region}:${HOME.account}:${resource}`]],
    });
    const secret = arn('secretsmanager', 'secret:production/orders/database_app-??????');
    expect((Properties.PolicyDocument as { Statement: Written[] }).Statement).toEqual([
      { Effect: 'Allow', Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'], Resource: secret },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: arn('kms', 'key/*'),
        Condition: {
          StringEquals: { 'kms:ViaService': `secretsmanager.${HOME.region}.amazonaws.com` },
          StringLike: { 'kms:EncryptionContext:SecretARN': secret },
        },
      },
    ]);
  });

  test('that is a role of this app needs a secret with a name', () => {
    const { app, db: unnamed } = made();
    const elsewhere = new Stack(app, 'Elsewhere', { env: { account: READER_ACCOUNT, region: HOME.region } });
    const role = new iam.Role(elsewhere, 'Reader', { roleName: 'reader', assumedBy: new iam.AccountRootPrincipal() });
    const message =
      "Stack/Orders/User: 'grantee' is in another account or Region, whose policies know the secret by " +
      "its name only; give it one by 'naming'";
    expect(() => unnamed.grantRead(role)).toThrow(message);
    const abroad = new Stack(app, 'Abroad', { env: { ...HOME, region: 'us-east-1' } });
    expect(() => unnamed.grantRead(new iam.Role(abroad, 'Reader', { assumedBy: ServiceTrust.lambda() }))).toThrow(
      message,
    );
  });

  test('may be limited to stages', () => {
    const { db: limited, template: then } = made();
    limited.grantRead(new iam.AccountPrincipal(READER_ACCOUNT), { stages: ['AWSCURRENT'] });
    expect(
      policyOf(then(), limited.secret)
        .slice(1)
        .map(({ Action, Condition }) => [Action, Condition]),
    ).toEqual([
      ['secretsmanager:DescribeSecret', undefined],
      [
        'secretsmanager:GetSecretValue',
        { 'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': ['AWSCURRENT'] } },
      ],
    ]);
  });

  test('is admitted where nobody is denied to write', () => {
    const { db: open, template: then } = made({ naming: NAMING, guard: { denyWriting: false } });
    open.grantRead(new iam.AccountPrincipal(READER_ACCOUNT));
    expect(policyOf(then(), open.secret).map(({ Effect }) => Effect)).toEqual(['Allow']);
  });

  test('may be a whole account or an organisation, but not everyone nor a service', () => {
    const { db: shared, template: then } = made();
    shared.grantRead(new iam.AccountPrincipal(READER_ACCOUNT));
    shared.grantRead(new iam.OrganizationPrincipal('o-1234567890'));
    const allowed = policyOf(then(), shared.secret).filter(({ Effect }) => Effect === 'Allow');
    then().hasResourceProperties('AWS::SecretsManager::ResourcePolicy', {
      SecretId: { Ref: logicalId(shared.secret) },
      BlockPublicPolicy: Match.absent(),
    });
    expect(allowed.map(({ Principal, Condition }) => ({ Principal, Condition }))).toEqual([
      { Principal: account, Condition: undefined },
      { Principal: { AWS: '*' }, Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1234567890' } } },
    ]);
    expect(keyPolicyOf(then()).at(-1)).toMatchObject({
      Principal: { AWS: '*' },
      Condition: {
        StringEquals: {
          'aws:PrincipalOrgID': 'o-1234567890',
          'kms:ViaService': `secretsmanager.${HOME.region}.amazonaws.com`,
        },
      },
    });
    expect(() => shared.grantRead(new iam.AnyPrincipal())).toThrow("'grantee' is everyone");
    expect(() => shared.grantRead(new iam.ServicePrincipal('ecs-tasks.amazonaws.com'))).toThrow(
      "'grantee' is a principal of the kind Service; name the role",
    );
  });

  test('cannot be given a key whose policy is not ours, unless that is said to admit it', () => {
    const key = 'arn:aws:kms:eu-west-1:111111111111:key/1234';
    const of = (encryptionKey: (scope: Stack) => kms.IKey) => {
      const own = new Stack(new App(), 'Stack', { env: HOME });
      return new RotatingPostgres(own, 'Orders', { vpc: isolatedVpc(own), encryptionKey: encryptionKey(own) });
    };
    const imported = of(scope => kms.Key.fromKeyArn(scope, 'Imported', key));
    const reader = new iam.AccountPrincipal(READER_ACCOUNT);
    expect(() => imported.grantRead(reader)).toThrow(
      /the policy of the key \(Stack\/Imported\) is not made in this app; add \{"Action":"kms:Decrypt".*"Effect":"Allow".*'keyAdmitsReader'/,
    );
    imported.grantRead(reader, { keyAdmitsReader: true }).assertSuccess();
    const managed = of(scope => kms.Alias.fromAliasName(scope, 'Managed', 'alias/aws/secretsmanager'));
    expect(() => managed.grantRead(reader, { keyAdmitsReader: true })).toThrow('cannot use the key that AWS manages');
  });

  test('is not seen in an account that only the deployment knows', () => {
    const anywhere = new Stack(new App(), 'Stack');
    const unknown = new RotatingPostgres(anywhere, 'Orders', { vpc: isolatedVpc(anywhere) });
    const imported = iam.Role.fromRoleArn(anywhere, 'Known', READER_ROLE);
    const byParameter = iam.Role.fromRoleArn(anywhere, 'Token', new CfnParameter(anywhere, 'Arn').valueAsString);
    for (const role of [imported, byParameter]) unknown.grantRead(role).assertSuccess();
    expect(policyOf(Template.fromStack(anywhere), unknown.secret)).toHaveLength(1);
  });

  test('is one too many where a policy gets longer than AWS takes', () => {
    const readers = (count: number) => {
      const { app, stack: crowded, db: read } = made();
      for (let each = 0; each < count; each++) {
        read.grantRead(iam.Role.fromRoleArn(crowded, `Reader${each}`, `${READER_ROLE}-with-a-long-name-${each}`));
      }
      return () => app.synth();
    };
    expect(readers(40)).not.toThrow();
    expect(readers(90)).toThrow(
      /the policy of the secret has at least \d+ characters, and AWS takes 20480; name fewer principals/,
    );
    expect(readers(150)).toThrow(/the policy of the key has at least \d+ characters, and AWS takes 32768/);
  });
});

describe('a replica', () => {
  const THERE = 'eu-central-1';
  const key = `arn:aws:kms:${THERE}:${HOME.account}:key/1234`;

  test('adds a Region to the secret, and changes nothing else of it', () => {
    const [plain, replicated] = [made(), made()];
    replicated.db.user.addReplica(THERE, kms.Key.fromKeyArn(replicated.stack, 'There', key));
    const [id, { Properties: before }] = only(plain.template(), 'AWS::SecretsManager::Secret', 'User');
    const [
      sameId,
      {
        Properties: { ReplicaRegions, ...after },
      },
    ] = only(replicated.template(), 'AWS::SecretsManager::Secret', 'User');
    expect([sameId, after]).toEqual([id, before]);
    expect(ReplicaRegions).toEqual([{ Region: THERE, KmsKeyId: key }]);
  });

  test('is read by its own ARN and key', () => {
    const { stack, db, template } = made();
    const role = new iam.Role(stack, 'Reader', { assumedBy: ServiceTrust.lambda() });
    const replica = db.user.addReplica(THERE, kms.Key.fromKeyArn(stack, 'There', key));
    replica.grantRead(role).assertSuccess();
    const arn = stack.resolve(replica.secretArn);
    expect(JSON.stringify(arn)).toContain(`:secretsmanager:${THERE}:${HOME.account}:secret:`);
    expect(
      (only(template(), 'AWS::IAM::Policy', 'Reader')[1].Properties.PolicyDocument as { Statement: Written[] })
        .Statement,
    ).toEqual([
      { Effect: 'Allow', Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'], Resource: arn },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: key,
        Condition: {
          StringEquals: {
            'kms:ViaService': `secretsmanager.${THERE}.amazonaws.com`,
            'kms:EncryptionContext:SecretARN': arn,
          },
        },
      },
    ]);
  });

  test('is read from a stack of its Region by the name of the secret', () => {
    const { app, stack, db } = made({ naming: NAMING });
    const there = new Stack(app, 'There', { env: { ...HOME, region: THERE } });
    const role = new iam.Role(there, 'Reader', { assumedBy: ServiceTrust.lambda() });
    db.user
      .addReplica(THERE, kms.Key.fromKeyArn(stack, 'Key', key))
      .grantRead(role)
      .assertSuccess();
    const statements = JSON.stringify(only(Template.fromStack(there), 'AWS::IAM::Policy')[1].Properties.PolicyDocument);
    expect(statements).toContain(
      `:secretsmanager:${THERE}:${HOME.account}:secret:production/orders/database_app-??????`,
    );
  });

  test('needs another Region, and a key there', () => {
    const { stack, db } = made();
    expect(() => db.user.addReplica(HOME.region, new EncryptionKey(stack, 'Here'))).toThrow(
      `Stack/Orders/User: 'region' is '${HOME.region}', where the secret itself is`,
    );
    expect(() => db.user.addReplica('us-east-1', kms.Key.fromKeyArn(stack, 'There', key))).toThrow(
      `'encryptionKey' (Stack/There) is in ${THERE}, and the replica in 'us-east-1' needs a key there`,
    );
    const token = new CfnParameter(stack, 'Region').valueAsString;
    expect(() => db.user.addReplica(token, kms.Key.fromKeyArn(stack, 'Any', key))).not.toThrow();
  });
});
