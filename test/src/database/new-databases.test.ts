import { App, CfnParameter, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { AuroraCapacity, DatabaseSource, EncryptionKey, MultiAzCluster, PostgresInstance } from '../../../src';
import { before, ids } from '../support/graph';
import { deployed, isolatedVpc, logicalId, only, resourcesOf } from '../support/stacks';

const SECURE = {
  'rds.force_ssl': '1',
  password_encryption: 'scram-sha-256',
  'rds.accepted_password_auth_method': 'scram',
};
const keyOf = ({ db }: ReturnType<typeof deployed>) => ({ 'Fn::GetAtt': [logicalId(db.encryptionKey), 'Arn'] });
const propertiesOf = (template: Template, type: string, part?: string) => only(template, type, part)[1].Properties;
const instancesOf = (template: Template) =>
  Object.values(resourcesOf(template))
    .filter(({ Type }) => Type === 'AWS::RDS::DBInstance')
    .map(({ Properties }) => Properties);
const userOf = (template: Template) => propertiesOf(template, 'Custom::RotatingPostgresUser');

describe('an instance', () => {
  test('has the class, standby, version and backups that are chosen', () => {
    const { template } = deployed({
      databaseName: 'orders',
      database: DatabaseSource.instance({
        version: '16.4',
        multiAz: false,
        backupRetention: Duration.days(30),
        instanceType: ec2.InstanceType.of(ec2.InstanceClass.R8G, ec2.InstanceSize.LARGE),
      }),
    });
    expect(instancesOf(template)).toEqual([
      expect.objectContaining({
        MultiAZ: false,
        DBInstanceClass: 'db.r8g.large',
        DBName: 'orders',
        EngineVersion: '16.4',
        BackupRetentionPeriod: 30,
      }),
    ]);
    expect(propertiesOf(template, 'AWS::RDS::DBParameterGroup')).toMatchObject({
      Family: 'postgres16',
      Parameters: SECURE,
    });
  });

  test('has read replicas, as private, protected and observed as itself; the first is where readers go', () => {
    const made = deployed({ database: DatabaseSource.instance({ readReplicas: 2 }) });
    const source = only(made.template, 'AWS::RDS::DBInstance', 'OrdersDatabaseInstance')[1].Properties;
    const replicas = ['ReadReplica1', 'ReadReplica2'].map(
      id => only(made.template, 'AWS::RDS::DBInstance', id)[1].Properties,
    );
    for (const replica of replicas) {
      expect(replica).toMatchObject({
        SourceDBInstanceIdentifier: {
          'Fn::Join': ['', expect.arrayContaining([{ Ref: 'OrdersDatabaseInstance222CDA82' }])],
        },
        PubliclyAccessible: false,
        DeletionProtection: true,
        EnablePerformanceInsights: true,
        PerformanceInsightsKMSKeyId: keyOf(made),
        EnableIAMDatabaseAuthentication: true,
        PerformanceInsightsRetentionPeriod: 7,
        EnableCloudwatchLogsExports: ['postgresql', 'upgrade'],
        CACertificateIdentifier: 'rds-ca-rsa2048-g1',
        AutoMinorVersionUpgrade: true,
        CopyTagsToSnapshot: true,
        StorageType: 'gp3',
        MaxAllocatedStorage: 100,
        DBInstanceClass: source.DBInstanceClass,
        DBParameterGroupName: source.DBParameterGroupName,
        VPCSecurityGroups: source.VPCSecurityGroups,
      });
      // Amazon RDS takes these from the source.
      for (const property of ['KmsKeyId', 'StorageEncrypted', 'MasterUsername']) {
        expect(replica).not.toHaveProperty(property);
      }
    }
    expect(made.stack.resolve(made.db.database.readerHost)).toEqual({
      'Fn::GetAtt': [only(made.template, 'AWS::RDS::DBInstance', 'ReadReplica1')[0], 'Endpoint.Address'],
    });
    expect(deployed().db.database.readerHost).toBeUndefined();
  });

  test('can be made alone, and then has an admin secret of its own', () => {
    const stack = new Stack(new App(), 'Stack');
    new PostgresInstance(stack, 'Database', {
      vpc: isolatedVpc(stack),
      encryptionKey: new EncryptionKey(stack, 'Key'),
    });
    const template = Template.fromStack(stack);
    const secret = only(template, 'AWS::SecretsManager::Secret')[0];
    expect(JSON.stringify(propertiesOf(template, 'AWS::RDS::DBInstance').MasterUserPassword)).toContain(
      `"Ref":"${secret}"`,
    );
    expect(propertiesOf(template, 'AWS::SecretsManager::SecretTargetAttachment')).toMatchObject({
      SecretId: { Ref: secret },
    });
  });
});

describe('an Aurora cluster', () => {
  const made = deployed({ database: DatabaseSource.aurora() });
  const { template, stack, db } = made;
  const [cluster, { Properties }] = only(template, 'AWS::RDS::DBCluster');

  test('is encrypted, TLS and SCRAM only, protected, backed up, and takes logins through IAM', () => {
    expect(Properties).toMatchObject({
      Engine: 'aurora-postgresql',
      EngineVersion: '18',
      DatabaseName: 'app',
      MasterUsername: 'postgres',
      StorageEncrypted: true,
      KmsKeyId: keyOf(made),
      DeletionProtection: true,
      BackupRetentionPeriod: 7,
      CopyTagsToSnapshot: true,
      EnableIAMDatabaseAuthentication: true,
      EnableCloudwatchLogsExports: ['postgresql'],
    });
    expect(propertiesOf(template, 'AWS::RDS::DBClusterParameterGroup')).toMatchObject({
      Family: 'aurora-postgresql18',
      Parameters: SECURE,
    });
    const subnets = propertiesOf(template, 'AWS::RDS::DBSubnetGroup').SubnetIds as { Ref: string }[];
    expect(subnets.map(({ Ref }) => Ref)).toEqual([
      expect.stringContaining('Isolated'),
      expect.stringContaining('Isolated'),
    ]);
  });

  test('is a writer and a reader on Serverless v2, the reader as large as the writer', () => {
    expect(Properties.ServerlessV2ScalingConfiguration).toEqual({ MinCapacity: 0.5, MaxCapacity: 8 });
    expect(instancesOf(template)).toEqual(
      [0, 1].map(PromotionTier =>
        expect.objectContaining({
          DBInstanceClass: 'db.serverless',
          PromotionTier,
          PubliclyAccessible: false,
          EnablePerformanceInsights: true,
          PerformanceInsightsKMSKeyId: keyOf(made),
          PerformanceInsightsRetentionPeriod: 7,
          CACertificateIdentifier: 'rds-ca-rsa2048-g1',
          AutoMinorVersionUpgrade: true,
        }),
      ),
    );
  });

  test('has instances of the class, and as many readers, as are chosen', () => {
    const instanceType = ec2.InstanceType.of(ec2.InstanceClass.R8G, ec2.InstanceSize.XLARGE);
    const chosen = deployed({
      database: DatabaseSource.aurora({
        version: '15.10',
        readers: 3,
        capacity: AuroraCapacity.provisioned(instanceType),
      }),
    }).template;
    expect(instancesOf(chosen).map(({ DBInstanceClass }) => DBInstanceClass)).toEqual(Array(4).fill('db.r8g.xlarge'));
    expect(instancesOf(chosen).map(({ PromotionTier }) => PromotionTier)).toEqual([0, 1, 2, 3]);
    expect(propertiesOf(chosen, 'AWS::RDS::DBCluster')).toMatchObject({ EngineVersion: '15.10' });
    expect(propertiesOf(chosen, 'AWS::RDS::DBCluster')).not.toHaveProperty('ServerlessV2ScalingConfiguration');
    expect(propertiesOf(chosen, 'AWS::RDS::DBClusterParameterGroup')).toMatchObject({ Family: 'aurora-postgresql15' });
  });

  test('gives its users the cluster endpoint, and readers theirs', () => {
    expect(userOf(template)).toMatchObject({
      engine: 'aurora-postgresql',
      host: { 'Fn::GetAtt': [cluster, 'Endpoint.Address'] },
      port: { 'Fn::GetAtt': [cluster, 'Endpoint.Port'] },
    });
    expect(stack.resolve(db.database.readerHost)).toEqual({ 'Fn::GetAtt': [cluster, 'ReadEndpoint.Address'] });
    expect(stack.resolve(db.database.resourceId)).toEqual({ 'Fn::GetAtt': [cluster, 'DBClusterResourceId'] });
    expect(propertiesOf(template, 'AWS::SecretsManager::SecretTargetAttachment')).toMatchObject({
      TargetId: { Ref: cluster },
      TargetType: 'AWS::RDS::DBCluster',
    });
  });

  test('has its users wait for the writer, without which nobody answers at the endpoint', () => {
    const writer = only(template, 'AWS::RDS::DBInstance', 'Writer')[0];
    expect([...before(template, only(template, 'Custom::RotatingPostgresUser')[0])]).toEqual(
      expect.arrayContaining([cluster, writer]),
    );
    for (const schedule of ids(template, 'AWS::SecretsManager::RotationSchedule')) {
      expect([...before(template, schedule)]).toContain(writer);
    }
  });

  test('has all that an instance has around it', () => {
    template.resourceCountIs('AWS::SecretsManager::RotationSchedule', 2);
    expect(only(template, 'AWS::SecretsManager::Secret', 'AdminSecret')[0]).toBe('OrdersAdminSecret2FEE55A2');
  });
});

describe('a Multi-AZ DB cluster', () => {
  const made = deployed({ database: DatabaseSource.multiAzCluster() });
  const { template, stack, db } = made;
  const [cluster, { Properties }] = only(template, 'AWS::RDS::DBCluster');

  test('is encrypted, TLS and SCRAM only, private, protected and backed up', () => {
    expect(Properties).toMatchObject({
      Engine: 'postgres',
      EngineVersion: expect.stringMatching(/^18\.\d+$/),
      DBClusterInstanceClass: 'db.m6gd.large',
      StorageType: 'gp3',
      AllocatedStorage: 100,
      DatabaseName: 'app',
      MasterUsername: 'postgres',
      MasterUserPassword: {
        'Fn::Join': [
          '',
          ['{{resolve:secretsmanager:', { Ref: 'OrdersAdminSecret2FEE55A2' }, ':SecretString:password::}}'],
        ],
      },
      PubliclyAccessible: false,
      StorageEncrypted: true,
      KmsKeyId: keyOf(made),
      PerformanceInsightsEnabled: true,
      PerformanceInsightsKmsKeyId: keyOf(made),
      DeletionProtection: true,
      BackupRetentionPeriod: 7,
      CopyTagsToSnapshot: true,
      EnableCloudwatchLogsExports: ['postgresql', 'upgrade'],
      AutoMinorVersionUpgrade: true,
    });
    // Left to Amazon RDS, which has fixed I/O below 400 GiB.
    expect(Properties).not.toHaveProperty('Iops');
    expect(propertiesOf(template, 'AWS::RDS::DBClusterParameterGroup')).toMatchObject({
      Family: 'postgres18',
      Parameters: SECURE,
    });
    // Not documented for this kind, so that no login through IAM is offered.
    expect(Properties).not.toHaveProperty('EnableIAMDatabaseAuthentication');
    expect(db.database.resourceId).toBeUndefined();
  });

  test('gives its users the cluster endpoint, and readers theirs', () => {
    expect(userOf(template)).toMatchObject({
      engine: 'postgres',
      host: { 'Fn::GetAtt': [cluster, 'Endpoint.Address'] },
      port: { 'Fn::GetAtt': [cluster, 'Endpoint.Port'] },
    });
    expect(stack.resolve(db.database.readerHost)).toEqual({ 'Fn::GetAtt': [cluster, 'ReadEndpoint.Address'] });
    expect([...before(template, only(template, 'Custom::RotatingPostgresUser')[0])]).toEqual(
      expect.arrayContaining([cluster, ...ids(template, 'AWS::SecretsManager::SecretTargetAttachment')]),
    );
  });

  test('has the class, storage and I/O that are chosen', () => {
    const alone = new Stack(new App(), 'Stack');
    new MultiAzCluster(alone, 'Database', {
      vpc: isolatedVpc(alone),
      encryptionKey: new EncryptionKey(alone, 'Key'),
      instanceType: ec2.InstanceType.of(ec2.InstanceClass.R6GD, ec2.InstanceSize.XLARGE),
      allocatedStorage: 400,
      iops: 12_000,
    });
    expect(propertiesOf(Template.fromStack(alone), 'AWS::RDS::DBCluster')).toMatchObject({
      DBClusterInstanceClass: 'db.r6gd.xlarge',
      AllocatedStorage: 400,
      Iops: 12_000,
    });
  });
});

describe.each([
  ['instance', (options?: object) => DatabaseSource.instance(options)],
  ['Aurora cluster', (options?: object) => DatabaseSource.aurora(options)],
  ['Multi-AZ DB cluster', (options?: object) => DatabaseSource.multiAzCluster(options)],
])('any new %s', (_, source) => {
  test.each([
    [undefined, true, 'Retain', 'Retain'],
    [RemovalPolicy.SNAPSHOT, true, 'Snapshot', 'Delete'],
    [RemovalPolicy.DESTROY, false, 'Delete', 'Delete'],
  ])(
    'when it leaves the stack by %s: protected %s, server %s, groups %s',
    (removalPolicy, isProtected, server, group) => {
      const resources = Object.values(resourcesOf(deployed({ removalPolicy, database: source() }).template));
      const [{ DeletionPolicy, Properties }] = resources.filter(
        ({ Type, Properties: { DBClusterIdentifier } }) =>
          Type === 'AWS::RDS::DBCluster' || (Type === 'AWS::RDS::DBInstance' && !DBClusterIdentifier),
      );
      expect({ DeletionPolicy, isProtected: Properties.DeletionProtection }).toEqual({
        DeletionPolicy: server,
        isProtected,
      });
      const groups = resources.filter(({ Type }) => /^AWS::RDS::DB(Cluster)?(ParameterGroup|SubnetGroup)$/.test(Type));
      // What has no policy is deleted.
      expect(groups.map(one => one.DeletionPolicy ?? 'Delete')).toEqual([group, group]);
      const databaseGroup = resources.filter(
        ({ Type, Properties: { GroupDescription } }) =>
          Type === 'AWS::EC2::SecurityGroup' && GroupDescription === 'PostgreSQL database',
      );
      expect(databaseGroup.map(one => one.DeletionPolicy ?? 'Delete')).toEqual([group]);
    },
  );

  test.each(['14', '15.10', '16', '17.4', '18'])('is of version %s when asked', version => {
    const { template } = deployed({ database: source({ version }) });
    expect(JSON.stringify(template.toJSON())).toContain(`"EngineVersion":"${version}"`);
    expect(JSON.stringify(template.toJSON())).toMatch(
      new RegExp(`"Family":"(aurora-)?postgres(ql)?${version.slice(0, 2)}"`),
    );
  });

  test.each([
    [
      '13.20',
      "Stack/Orders/Database: 'version' is PostgreSQL 13, whose passwords are MD5 hashes by default; " +
        'choose 14 to 18',
    ],
    ['9.6', "'version' is PostgreSQL 9"],
    [
      'latest',
      "'version' is 'latest'; write a major version of PostgreSQL, such as '18', or 'major.minor', such as '18.4'",
    ],
    ['16.4.1', "'version' is '16.4.1'"],
  ])('is not of version %s', (version, message) => {
    expect(() => deployed({ database: source({ version }) })).toThrow(message);
  });

  test('is of a version that nobody tested only with a warning', () => {
    const warned = (version: string) =>
      Annotations.fromStack(deployed({ database: source({ version }) }).stack).findWarning(
        '/Stack/Orders/Database',
        Match.stringLikeRegexp('not tested'),
      ).length;
    expect([warned('19'), warned('18.4')]).toEqual([1, 0]);
  });

  test('takes a version, and a name of the database, that are known at deployment only', () => {
    const version = Fn.importValue('Version');
    const rendered = deployed({ database: source({ version }), databaseName: version });
    const family = JSON.stringify(
      rendered.stack.resolve(
        Object.values(resourcesOf(rendered.template)).find(({ Type }) => /ParameterGroup$/.test(Type))!.Properties
          .Family,
      ),
    );
    expect(family).toContain('"Fn::Select":[0,{"Fn::Split":[".",{"Fn::ImportValue":"Version"}]}]');
  });

  test('goes into no public subnet', () => {
    const stack = new Stack(new App(), 'Stack');
    const vpc = new ec2.Vpc(stack, 'Vpc', {
      subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }],
    });
    expect(() => deployed({ vpc, database: source() })).toThrow(
      "Stack/Orders/Database: 'vpc' (Stack/Vpc) has public subnets only",
    );
  });
});

test.each([
  [
    DatabaseSource.instance({ readReplicas: 16 }),
    "Stack/Orders/Database: 'readReplicas' is 16; Amazon RDS makes 0 to 15",
  ],
  [DatabaseSource.instance({ readReplicas: -1 }), "'readReplicas' is -1"],
  [DatabaseSource.aurora({ readers: 1.5 }), "'readers' is 1.5; Amazon RDS makes 0 to 15"],
  [DatabaseSource.aurora({ readers: 16 }), "'readers' is 16"],
])('a number of readers that is impossible is refused (%#)', (database, message) => {
  expect(() => deployed({ database })).toThrow(message);
});

test('a number of readers has to be known when the app is synthesised', () => {
  const readers = new CfnParameter(new Stack(), 'Readers', { type: 'Number' }).valueAsNumber;
  expect(() => deployed({ database: DatabaseSource.aurora({ readers }) })).toThrow(
    "Stack/Orders/Database: 'readers' is a token",
  );
});
