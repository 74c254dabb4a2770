import { RemovalPolicy } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { deployed, logicalId, only, resourcesOf } from '../support/stacks';

const { template, db } = deployed();

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
    DBInstanceClass: 'db.t4g.medium',
    AllocatedStorage: '20',
    MaxAllocatedStorage: 100,
    PerformanceInsightsRetentionPeriod: 7,
    // Left to Amazon RDS: its own values for gp3 storage of this size, its port, and times of its own choice.
    Iops: Match.absent(),
    StorageThroughput: Match.absent(),
    MonitoringInterval: Match.absent(),
    Port: Match.absent(),
    AllowMajorVersionUpgrade: Match.absent(),
  });
});

test('the instance accepts TLS and SCRAM only', () => {
  template.hasResourceProperties('AWS::RDS::DBParameterGroup', {
    Family: 'postgres18',
    Parameters: {
      'rds.force_ssl': '1',
      password_encryption: 'scram-sha-256',
      'rds.accepted_password_auth_method': 'scram',
    },
  });
});

test('the master user name is a literal, the password a reference that no template shows', () => {
  template.hasResourceProperties('AWS::RDS::DBInstance', {
    MasterUsername: 'postgres',
    MasterUserPassword: {
      'Fn::Join': ['', ['{{resolve:secretsmanager:', Match.anyValue(), ':SecretString:password::}}']],
    },
  });
});

test('the database sits in isolated subnets and its group lets nothing out', () => {
  const subnets = only(template, 'AWS::RDS::DBSubnetGroup')[1].Properties.SubnetIds as { Ref: string }[];
  expect(subnets.map(({ Ref }) => Ref)).toEqual([
    expect.stringContaining('Isolated'),
    expect.stringContaining('Isolated'),
  ]);
  const [, { Properties }] = only(template, 'AWS::EC2::SecurityGroup', 'Database');
  expect(Properties.SecurityGroupIngress).toBeUndefined();
  expect(Properties.SecurityGroupEgress).toEqual([expect.objectContaining({ CidrIp: '255.255.255.255/32' })]);
});

test('both secrets are encrypted with the key, which rotates', () => {
  template.allResourcesProperties('AWS::SecretsManager::Secret', {
    KmsKeyId: { 'Fn::GetAtt': [logicalId(db.encryptionKey), 'Arn'] },
  });
  template.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
});

describe('when it leaves the stack', () => {
  test.each([
    [RemovalPolicy.RETAIN, 'Retain', 'Retain'],
    [RemovalPolicy.SNAPSHOT, 'Delete', undefined],
  ])('its groups stay as long as it does: %s', (removalPolicy, parameters, subnets) => {
    const rendered = deployed({ removalPolicy }).template;
    expect(only(rendered, 'AWS::RDS::DBParameterGroup')[1].DeletionPolicy).toBe(parameters);
    expect(only(rendered, 'AWS::RDS::DBSubnetGroup')[1].DeletionPolicy).toBe(subnets);
  });

  test('DESTROY leaves nothing', () => {
    for (const [id, resource] of Object.entries(
      resourcesOf(deployed({ removalPolicy: RemovalPolicy.DESTROY }).template),
    )) {
      expect([id, resource.DeletionPolicy]).not.toEqual([id, 'Retain']);
    }
  });
});
