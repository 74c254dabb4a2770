import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { deployed, logicalId, only, resourcesOf } from './stacks';
import { RotationStrategy } from '../../src';

const { template, db } = deployed();
const STATEFUL = ['AWS::KMS::Key', 'AWS::SecretsManager::Secret', 'AWS::RDS::DBInstance'];

test('the instance is PostgreSQL 18, encrypted, highly available, backed up, observed and private', () => {
  template.hasResourceProperties('AWS::RDS::DBInstance', {
    Engine: 'postgres',
    EngineVersion: '18',
    DBName: 'app',
    StorageEncrypted: true,
    StorageType: 'gp3',
    KmsKeyId: { 'Fn::GetAtt': [logicalId(db.encryptionKey), 'Arn'] },
    PerformanceInsightsKMSKeyId: { 'Fn::GetAtt': [logicalId(db.encryptionKey), 'Arn'] },
    EnablePerformanceInsights: true,
    MultiAZ: true,
    PubliclyAccessible: false,
    DeletionProtection: true,
    DeleteAutomatedBackups: false,
    BackupRetentionPeriod: 7,
    CopyTagsToSnapshot: true,
    AutoMinorVersionUpgrade: true,
    EnableIAMDatabaseAuthentication: true,
    EnableCloudwatchLogsExports: ['postgresql', 'upgrade'],
    CACertificateIdentifier: 'rds-ca-rsa2048-g1',
  });
});

test('the instance accepts TLS and SCRAM only', () => {
  template.hasResourceProperties('AWS::RDS::DBParameterGroup', {
    Family: 'postgres18',
    Parameters: { 'rds.force_ssl': '1', 'password_encryption': 'scram-sha-256', 'rds.accepted_password_auth_method': 'scram' },
  });
});

test('the master user name is a literal, the password a reference that no template shows', () => {
  template.hasResourceProperties('AWS::RDS::DBInstance', {
    MasterUsername: 'postgres',
    MasterUserPassword: { 'Fn::Join': ['', ['{{resolve:secretsmanager:', Match.anyValue(), ':SecretString:password::}}']] },
  });
});

test('the database sits in isolated subnets and its group lets nothing out', () => {
  const subnets = only(template, 'AWS::RDS::DBSubnetGroup')[1].Properties.SubnetIds as { Ref: string }[];
  expect(subnets.map(({ Ref }) => Ref)).toEqual([expect.stringContaining('Isolated'), expect.stringContaining('Isolated')]);
  const [, { Properties }] = only(template, 'AWS::EC2::SecurityGroup', 'Database');
  expect(Properties.SecurityGroupIngress).toBeUndefined();
  expect(Properties.SecurityGroupEgress).toEqual([expect.objectContaining({ CidrIp: '255.255.255.255/32' })]);
});

// An id that changes replaces a database, a secret or a key of everyone who upgrades.
test('the logical ids of stateful resources are these', () => {
  const ids = Object.entries(resourcesOf(template)).filter(([, { Type }]) => STATEFUL.includes(Type)).map(([id]) => id);
  expect(ids.sort()).toEqual([
    'OrdersAdminSecret2FEE55A2',
    'OrdersDatabaseInstance222CDA82',
    'OrdersKey6C690DD2',
    'OrdersUserSecret31D3CF25',
  ]);
});

// Any change publishes a new AWSCURRENT that the database does not know.
test('GenerateSecretString is frozen', () => {
  const frozen = (fields: object) => ({
    SecretStringTemplate: JSON.stringify(fields),
    GenerateStringKey: 'password',
    PasswordLength: 32,
    ExcludeCharacters: ':/@"\'\\',
    IncludeSpace: false,
    RequireEachIncludedType: true,
  });
  const { template: other } = deployed({
    username: 'orders',
    databaseName: 'orders',
    strategy: RotationStrategy.SINGLE_USER,
    removalPolicy: RemovalPolicy.DESTROY,
    schedule: { automaticallyAfter: Duration.days(7) },
  });
  for (const rendered of [template, other]) {
    expect(only(rendered, 'AWS::SecretsManager::Secret', 'AdminSecret')[1].Properties.GenerateSecretString).toEqual(frozen({ username: 'postgres' }));
    expect(only(rendered, 'AWS::SecretsManager::Secret', 'UserSecret')[1].Properties.GenerateSecretString).toEqual(frozen({}));
  }
});

test('both secrets are encrypted with the key, which rotates', () => {
  template.allResourcesProperties('AWS::SecretsManager::Secret', { KmsKeyId: { 'Fn::GetAtt': [logicalId(db.encryptionKey), 'Arn'] } });
  template.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
});

describe('when it leaves the stack', () => {
  const policies = (removalPolicy?: RemovalPolicy) => {
    const rendered = deployed({ removalPolicy }).template;
    const of = (type: string) => [...new Set(Object.values(resourcesOf(rendered)).filter(({ Type }) => Type === type).map(r => r.DeletionPolicy))];
    return {
      protected: only(rendered, 'AWS::RDS::DBInstance')[1].Properties.DeletionProtection,
      database: of('AWS::RDS::DBInstance'),
      groups: [...of('AWS::RDS::DBParameterGroup'), ...of('AWS::RDS::DBSubnetGroup')],
      key: of('AWS::KMS::Key'),
      // Without its attachment a secret loses host and port.
      secrets: [...of('AWS::SecretsManager::Secret'), ...of('AWS::SecretsManager::SecretTargetAttachment')],
      user: of('Custom::RotatingPostgresUser'),
    };
  };

  test('database, key, secrets and user are retained by default', () => {
    expect(policies()).toEqual({
      protected: true, database: ['Retain'], groups: ['Retain', 'Retain'], key: ['Retain'], secrets: ['Retain', 'Retain'], user: ['Retain'],
    });
  });

  test('a snapshot keeps its key and secrets', () => {
    expect(policies(RemovalPolicy.SNAPSHOT)).toEqual({
      protected: true, database: ['Snapshot'], groups: ['Delete', undefined], key: ['Retain'], secrets: ['Retain', 'Retain'], user: ['Retain'],
    });
  });

  test('DESTROY leaves nothing and switches the protection off', () => {
    expect(policies(RemovalPolicy.DESTROY)).toMatchObject({
      protected: false, database: ['Delete'], key: ['Delete'], secrets: ['Delete', 'Delete'], user: ['Delete'],
    });
    for (const [id, resource] of Object.entries(resourcesOf(deployed({ removalPolicy: RemovalPolicy.DESTROY }).template))) {
      expect([id, resource.DeletionPolicy]).not.toEqual([id, 'Retain']);
    }
  });
});
