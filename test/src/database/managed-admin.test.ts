import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import { AdminSecret, DatabaseSource, EncryptionKey, PostgresInstance, RotatingPostgres } from '../../../src';
import { before } from '../support/graph';
import { deployed, isolatedVpc, logicalId, only, resourcesOf } from '../support/stacks';

const MANAGED = { managedAdminPassword: true };
const propertiesOf = (template: Template, type: string) => only(template, type)[1].Properties;
const SERVERS = ['AWS::RDS::DBInstance', 'AWS::RDS::DBCluster'];

describe.each([
  ['instance', DatabaseSource.instance(MANAGED)],
  ['Aurora cluster', DatabaseSource.aurora(MANAGED)],
  ['Multi-AZ DB cluster', DatabaseSource.multiAzCluster(MANAGED)],
])('an %s whose admin password Amazon RDS manages', (_, database) => {
  const { template, db } = deployed({ database });
  const [id, server] = Object.entries(resourcesOf(template)).find(
    ([, { Type, Properties }]) => SERVERS.includes(Type) && 'ManageMasterUserPassword' in Properties,
  )!;
  const adminSecret = { 'Fn::GetAtt': [id, 'MasterUserSecret.SecretArn'] };
  const key = { 'Fn::GetAtt': [logicalId(db.encryptionKey), 'Arn'] };

  test('gets no password from the template, and the key for the secret', () => {
    expect(server.Properties).toMatchObject({
      ManageMasterUserPassword: true,
      MasterUserSecret: { KmsKeyId: key },
      MasterUsername: 'postgres',
    });
    expect(server.Properties).not.toHaveProperty('MasterUserPassword');
  });

  test("has a key that RDS may hand on to that secret, and only for AWS's own use", () => {
    const { Statement } = propertiesOf(template, 'AWS::KMS::Key').KeyPolicy as { Statement: { Sid: string }[] };
    expect(Statement.filter(({ Sid }) => Sid === 'GrantForManagedSecret')).toEqual([
      expect.objectContaining({
        Action: 'kms:CreateGrant',
        Condition: {
          StringEquals: {
            'kms:ViaService': { 'Fn::Join': ['', ['secretsmanager.', { Ref: 'AWS::Region' }, '.amazonaws.com']] },
            'kms:CallerAccount': { Ref: 'AWS::AccountId' },
          },
          Bool: { 'kms:GrantIsForAWSResource': 'true' },
        },
      }),
    ]);
    expect(JSON.stringify(deployed().template.toJSON())).not.toContain('GrantForManagedSecret');
  });

  test('has no admin secret of ours, and no schedule of ours rotates the admin', () => {
    expect(only(template, 'AWS::SecretsManager::Secret')[0]).toContain('UserSecret');
    expect(only(template, 'AWS::SecretsManager::RotationSchedule')[0]).toContain('UserRotation');
    template.resourceCountIs('AWS::SecretsManager::SecretTargetAttachment', 0);
    const [
      ,
      {
        Properties: { EventPattern },
      },
    ] = only(template, 'AWS::Events::Rule');
    expect(EventPattern).toMatchObject({
      detail: { additionalEventData: { SecretId: [{ Ref: logicalId(db.secret) }] } },
    });
  });

  test('has an application user that alternates, bound to the secret that RDS keeps', () => {
    const [user, { Properties }] = only(template, 'Custom::RotatingPostgresUser');
    expect(Properties).toMatchObject({ adminSecretArn: adminSecret, strategy: 'alternating' });
    expect([...before(template, user)]).toContain(id);
    const tags = only(template, 'AWS::SecretsManager::Secret')[1].Properties.Tags;
    // The name of such a secret, `rds!…`, is impossible in a tag.
    expect(tags).toContainEqual({
      Key: 'rotating-postgres:admin-secret',
      Value: { 'Fn::Join': ['', ['base64:', { 'Fn::Base64': adminSecret }]] },
    });
  });

  test('lets the functions read that secret, decrypt it and nothing more of it', () => {
    const roles = ['RotationFunctionInVpcRole', 'UserProviderInVpcRole'].map(
      part => only(template, 'AWS::IAM::Role', part)[0],
    );
    for (const role of roles) {
      const policies = Object.values(resourcesOf(template)).filter(
        ({ Type, Properties }) =>
          Type === 'AWS::IAM::Policy' && (Properties.Roles as { Ref: string }[]).some(({ Ref }) => Ref === role),
      );
      type Statement = { Action: unknown; Resource: unknown; Condition?: object };
      const statements = policies.flatMap(
        ({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement,
      );
      const about = statements.filter(statement => JSON.stringify(statement).includes('MasterUserSecret'));
      const onSecret = about.filter(({ Resource }) => JSON.stringify(Resource).includes('MasterUserSecret'));
      expect(onSecret.map(({ Action }) => Action)).toEqual(['secretsmanager:GetSecretValue']);
      const onKey = about.filter(({ Condition }) => JSON.stringify(Condition ?? {}).includes('MasterUserSecret'));
      expect(onKey.map(({ Action, Resource }) => ({ Action, Resource }))).toEqual([
        { Action: 'kms:Decrypt', Resource: key },
      ]);
    }
  });
});

const WAY_OUT = "leave 'managedAdminPassword' out";

test('read replicas of an instance whose admin password RDS manages are refused', () => {
  expect(() => deployed({ database: DatabaseSource.instance({ ...MANAGED, readReplicas: 2 }) })).toThrow(
    "Stack/Orders/Database: 'readReplicas' is 2, and Amazon RDS makes none where it manages the admin's " +
      `password; ${WAY_OUT}`,
  );
  // Of an Aurora cluster readers are part of the cluster, not replicas.
  expect(() => deployed({ database: DatabaseSource.aurora({ ...MANAGED, readers: 2 }) })).not.toThrow();
});

test('so are replicas that the app makes of it by itself', () => {
  const replicaOf = (database: DatabaseSource) => {
    const stack = new Stack(new App(), 'Stack');
    const vpc = isolatedVpc(stack);
    const db = new RotatingPostgres(stack, 'Orders', { vpc, database });
    new rds.DatabaseInstanceReadReplica(stack, 'Replica', {
      vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      sourceDatabaseInstance: (db.database as PostgresInstance).instance,
      instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MEDIUM),
    });
    return stack;
  };
  expect(() => Template.fromStack(replicaOf(DatabaseSource.instance(MANAGED)))).toThrow(
    "'Stack/Replica/Resource' is a read replica",
  );
  expect(() => Template.fromStack(replicaOf(DatabaseSource.instance()))).not.toThrow();
});

test('a managed password and a secret for it are two answers to one question', () => {
  const stack = new Stack(new App(), 'Stack');
  const encryptionKey = new EncryptionKey(stack, 'Key');
  const adminSecret = new AdminSecret(stack, 'AdminSecret', { encryptionKey });
  expect(
    () => new PostgresInstance(stack, 'Database', { vpc: isolatedVpc(stack), encryptionKey, adminSecret, ...MANAGED }),
  ).toThrow(
    "Stack/Database: 'managedAdminPassword' makes Amazon RDS create the admin secret, and 'adminSecret' " +
      '(Stack/AdminSecret) is another one; leave one out',
  );
});
