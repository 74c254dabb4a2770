import { App, Aws, CfnParameter, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import {
  AdoptProps,
  DatabaseSource,
  IPostgresDatabase,
  PostgresDatabase,
  Privileges,
  RotatingPostgres,
} from '../../../src';
import { before, cycles, ids } from '../support/graph';
import { isolatedVpc, logicalId, only, resourcesOf } from '../support/stacks';

const ISOLATED = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
const postgres = (version = rds.PostgresEngineVersion.VER_16) => rds.DatabaseInstanceEngine.postgres({ version });
const aurora = rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_16_4 });

/** A database as teams have it, and what is made of it in this stack or in another one. */
function legacy(stack: Stack) {
  const vpc = isolatedVpc(stack);
  const instance = new rds.DatabaseInstance(stack, 'Legacy', {
    engine: postgres(),
    vpc,
    vpcSubnets: ISOLATED,
    port: 5433,
  });
  return { vpc, instance };
}

function legacyCluster(stack: Stack) {
  const vpc = isolatedVpc(stack);
  const cluster = new rds.DatabaseCluster(stack, 'Legacy', {
    engine: aurora,
    vpc,
    vpcSubnets: ISOLATED,
    writer: rds.ClusterInstance.provisioned('Main'),
    readers: [rds.ClusterInstance.provisioned('Second')],
  });
  return { vpc, cluster };
}

function importedSecret(stack: Stack, id = 'Admin') {
  return secretsmanager.Secret.fromSecretCompleteArn(
    stack,
    id,
    'arn:aws:secretsmanager:eu-west-1:111122223333:secret:admin-AbCdEf',
  );
}

const userOf = (stack: Stack) => only(Template.fromStack(stack), 'Custom::RotatingPostgresUser')[1].Properties;
const adopt = (stack: Stack, vpc: ec2.IVpc, database: IPostgresDatabase, props: Partial<AdoptProps> = {}) =>
  RotatingPostgres.adopt(stack, 'Orders', { vpc, database, ...props });

describe('adopting', () => {
  const adopted = (props: Partial<AdoptProps> = {}) => {
    const stack = new Stack(new App(), 'Stack');
    const { vpc, instance } = legacy(stack);
    const database = PostgresDatabase.fromInstance(stack, 'Database', instance, { databaseName: 'orders' });
    return { stack, instance, db: adopt(stack, vpc, database, props) };
  };

  test.each([
    ['an instance', legacy],
    ['a cluster', legacyCluster],
  ])('changes nothing of %s, nor of anything else that was there', (_, make) => {
    const alone = new Stack(new App(), 'Stack');
    make(alone);
    const stack = new Stack(new App(), 'Stack');
    const made = make(stack);
    const database =
      'cluster' in made
        ? PostgresDatabase.fromCluster(stack, 'Database', made.cluster, { databaseName: 'orders' })
        : PostgresDatabase.fromInstance(stack, 'Database', made.instance, { databaseName: 'orders' });
    const db = adopt(stack, made.vpc, database, { rotateAdmin: true });
    db.connections.allowDefaultPortFrom(new ec2.SecurityGroup(stack, 'Consumer', { vpc: made.vpc }));
    db.connections.allowDefaultPortFrom(ec2.Peer.ipv4('10.1.0.0/16'));
    const was = resourcesOf(Template.fromStack(alone));
    const is = resourcesOf(Template.fromStack(stack));
    expect(Object.fromEntries(Object.keys(was).map(id => [id, is[id]]))).toEqual(was);
    expect(cycles(Template.fromStack(stack))).toEqual([]);
  });

  test('gives the user host, port, database and admin secret of what is there', () => {
    const { stack, instance } = adopted();
    const id = logicalId(instance);
    expect(userOf(stack)).toMatchObject({
      engine: 'postgres',
      host: { 'Fn::GetAtt': [id, 'Endpoint.Address'] },
      port: { 'Fn::GetAtt': [id, 'Endpoint.Port'] },
      dbInstanceIdentifier: { Ref: id },
      database: 'orders',
      adminSecretArn: { Ref: expect.stringContaining('LegacySecretAttachment') },
    });
  });

  test('makes the user no owner of a database that has one, unless asked', () => {
    expect(userOf(adopted().stack).privileges).toBe('connect');
    expect(userOf(adopted({ privileges: Privileges.owner() }).stack).privileges).toBe('owner');
  });

  test('leaves the admin, who may have a rotation already, alone', () => {
    const { stack, db } = adopted();
    const template = Template.fromStack(stack);
    expect(only(template, 'AWS::SecretsManager::RotationSchedule')[1].Properties.SecretId).toEqual({
      Ref: logicalId(db.secret),
    });
    expect(only(template, 'AWS::SecretsManager::Secret', 'Legacy')[1].Properties.Tags).toBeUndefined();
    expect(JSON.stringify(only(template, 'AWS::Events::Rule')[1].Properties.EventPattern)).not.toContain('Legacy');
  });

  test('rotates and watches the admin when asked', () => {
    const { stack } = adopted({ rotateAdmin: true });
    const template = Template.fromStack(stack);
    const [schedule, { Properties }] = only(template, 'AWS::SecretsManager::RotationSchedule', 'AdminRotation');
    expect(Properties.SecretId).toEqual({ Ref: expect.stringContaining('LegacySecretAttachment') });
    expect([...before(template, schedule)]).toEqual(
      expect.arrayContaining(ids(template, 'Custom::RotatingPostgresUser')),
    );
    expect(JSON.stringify(only(template, 'AWS::Events::Rule')[1].Properties.EventPattern)).toContain(
      'LegacySecretAttachment',
    );
  });

  test('does not rotate an admin whom somebody else rotates in this app', () => {
    const both = ({ stack, instance }: ReturnType<typeof adopted>) => {
      instance.addRotationSingleUser();
      return () => Template.fromStack(stack);
    };
    expect(both(adopted({ rotateAdmin: true }))).toThrow(
      "'Stack/Legacy/Secret/Attachment/RotationSchedule/Resource' rotates the admin secret already",
    );
    expect(both(adopted())).not.toThrow();
  });

  test('has a key of its own for its secrets, and asks only for the admin secret where that has none', () => {
    const { stack, db } = adopted();
    const statements = JSON.stringify(resourcesOf(Template.fromStack(stack)));
    expect(statements).not.toContain('"kms:EncryptionContext:SecretARN":{"Ref":"LegacySecret');
    expect(only(Template.fromStack(stack), 'AWS::KMS::Key')[0]).toBe(logicalId(db.encryptionKey));
  });

  test('of a database in another stack makes rules, and whatever else it needs, in its own', () => {
    const app = new App();
    const there = new Stack(app, 'There');
    const { vpc, instance } = legacy(there);
    const here = new Stack(app, 'Here');
    const db = adopt(here, vpc, PostgresDatabase.fromInstance(here, 'Database', instance, { databaseName: 'orders' }), {
      rotateAdmin: true,
    });
    const consumer = new ec2.SecurityGroup(here, 'Consumer', { vpc });
    db.connections.allowDefaultPortFrom(consumer);
    const template = Template.fromStack(here);
    const dependencies = [here, there].map(stack => stack.dependencies.map(({ node }) => node.id));
    expect(dependencies).toEqual([['There'], []]);
    const rules = Object.values(resourcesOf(template)).filter(
      ({ Type, Properties }) =>
        Type === 'AWS::EC2::SecurityGroupIngress' && JSON.stringify(Properties.GroupId).includes('LegacySecurityGroup'),
    );
    expect(rules).toHaveLength(3); // rotation function, user provider, consumer
    for (const {
      Properties: { FromPort },
    } of rules) {
      expect(JSON.stringify(FromPort)).toContain('EndpointPort');
    }
  });
});

describe('a cluster that is there', () => {
  test('has its users wait for the writer', () => {
    const stack = new Stack(new App(), 'Stack');
    const { vpc, cluster } = legacyCluster(stack);
    adopt(stack, vpc, PostgresDatabase.fromCluster(stack, 'Database', cluster, { databaseName: 'orders' }));
    const template = Template.fromStack(stack);
    const instances = ids(template, 'AWS::RDS::DBInstance');
    expect(instances).toHaveLength(2);
    expect([...before(template, only(template, 'Custom::RotatingPostgresUser')[0])]).toEqual(
      expect.arrayContaining([...instances, logicalId(cluster)]),
    );
  });

  test('is known by its endpoints and resource id', () => {
    const stack = new Stack(new App(), 'Stack');
    const { cluster } = legacyCluster(stack);
    const database = PostgresDatabase.fromCluster(stack, 'Database', cluster, { databaseName: 'orders' });
    const id = logicalId(cluster);
    expect(
      stack.resolve([
        database.host,
        database.readerHost,
        database.port,
        database.resourceId,
        database.dbClusterIdentifier,
      ]),
    ).toEqual([
      { 'Fn::GetAtt': [id, 'Endpoint.Address'] },
      { 'Fn::GetAtt': [id, 'ReadEndpoint.Address'] },
      { 'Fn::GetAtt': [id, 'Endpoint.Port'] },
      { 'Fn::GetAtt': [id, 'DBClusterResourceId'] },
      { Ref: id },
    ]);
    expect(database.engine).toBe('aurora-postgresql');
  });

  test('may be imported, with as much as is known of it', () => {
    const stack = new Stack(new App(), 'Stack');
    const cluster = rds.DatabaseCluster.fromDatabaseClusterAttributes(stack, 'Imported', {
      clusterIdentifier: 'legacy',
      clusterEndpointAddress: 'legacy.cluster-abc.eu-west-1.rds.amazonaws.com',
      port: 5433,
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')],
    });
    const database = PostgresDatabase.fromCluster(stack, 'Database', cluster, {
      databaseName: 'orders',
      adminSecret: importedSecret(stack),
    });
    expect([database.host, database.port]).toEqual(['legacy.cluster-abc.eu-west-1.rds.amazonaws.com', '5433']);
    expect([database.readerHost, database.resourceId]).toEqual([undefined, undefined]);
    adopt(stack, isolatedVpc(stack), database);
    const rules = Object.values(resourcesOf(Template.fromStack(stack))).filter(
      ({ Properties: { GroupId } }) => GroupId === 'sg-1',
    );
    expect(rules.map(({ Properties: { FromPort } }) => FromPort)).toEqual([5433, 5433]);
  });
});

describe('a database known by its attributes', () => {
  const known = (stack: Stack, attributes = {}) =>
    PostgresDatabase.fromAttributes(stack, 'Database', {
      host: 'db.example.com',
      databaseName: 'orders',
      adminSecret: importedSecret(stack),
      peer: ec2.Peer.ipv4('10.20.0.5/32'),
      ...attributes,
    });

  test('on premises is where its address is: the functions are let out to it', () => {
    const stack = new Stack(new App(), 'Stack');
    adopt(stack, isolatedVpc(stack), known(stack, { port: 6432 }));
    const template = Template.fromStack(stack);
    for (const part of ['RotationFunctionInVpcSecurityGroup', 'UserProviderInVpcSecurityGroup']) {
      expect(only(template, 'AWS::EC2::SecurityGroup', part)[1].Properties.SecurityGroupEgress).toContainEqual(
        expect.objectContaining({ CidrIp: '10.20.0.5/32', FromPort: 6432, ToPort: 6432 }),
      );
    }
    expect(userOf(stack)).toMatchObject({ engine: 'postgres', host: 'db.example.com', port: '6432' });
  });

  test('may have a certificate of an authority of its own, which all functions are told', () => {
    const stack = new Stack(new App(), 'Stack');
    const db = adopt(stack, isolatedVpc(stack), known(stack));
    for (const of of [db.rotationFunction, db.userProvider]) {
      of.function.addEnvironment('NODE_EXTRA_CA_CERTS', '/opt/root.pem');
    }
    for (const part of ['RotationFunctionInVpc', 'UserProviderInVpc']) {
      expect(only(Template.fromStack(stack), 'AWS::Lambda::Function', part)[1].Properties.Environment).toMatchObject({
        Variables: { NODE_EXTRA_CA_CERTS: '/opt/root.pem' },
      });
    }
  });

  test('on EC2 has security groups, which get rules', () => {
    const stack = new Stack(new App(), 'Stack');
    const securityGroups = [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')];
    adopt(stack, isolatedVpc(stack), known(stack, { peer: undefined, securityGroups }));
    const rules = Object.values(resourcesOf(Template.fromStack(stack))).filter(
      ({ Properties: { GroupId } }) => GroupId === 'sg-1',
    );
    expect(rules.map(({ Properties: { FromPort } }) => FromPort)).toEqual([5432, 5432]);
  });

  test('uses the admin secret through its key, where it has one', () => {
    const stack = new Stack(new App(), 'Stack');
    const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/1';
    const adminSecret = secretsmanager.Secret.fromSecretAttributes(stack, 'Keyed', {
      secretCompleteArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!db-1-AbCdEf',
      encryptionKey: kms.Key.fromKeyArn(stack, 'Key', keyArn),
    });
    adopt(stack, isolatedVpc(stack), known(stack, { adminSecret }));
    const policies = Object.values(resourcesOf(Template.fromStack(stack))).filter(
      ({ Type }) => Type === 'AWS::IAM::Policy',
    );
    for (const { Properties } of policies.filter(policy => JSON.stringify(policy).includes('rds!db-1'))) {
      expect((Properties.PolicyDocument as { Statement: unknown[] }).Statement).toContainEqual(
        expect.objectContaining({ Action: 'kms:Decrypt', Resource: keyArn }),
      );
    }
  });

  test('has attributes that only the deployment knows', () => {
    const stack = new Stack(new App(), 'Stack');
    const token = new CfnParameter(stack, 'Token').valueAsString;
    const database = known(stack, {
      host: token,
      port: new CfnParameter(stack, 'Port', { type: 'Number' }).valueAsNumber,
      databaseName: token,
      resourceId: Aws.NO_VALUE,
    });
    adopt(stack, isolatedVpc(stack), database);
    expect(userOf(stack)).toMatchObject({ host: { Ref: 'Token' }, port: { Ref: 'Port' }, database: { Ref: 'Token' } });
  });

  test('without security groups and address is refused', () => {
    const stack = new Stack(new App(), 'Stack');
    expect(() => known(stack, { peer: undefined })).toThrow(
      "Stack/Database: neither 'securityGroups' nor 'peer' is given",
    );
  });
});

describe('refused is', () => {
  const stack = new Stack(new App(), 'Stack');
  const { vpc, instance } = legacy(stack);
  const attributes = {
    instanceIdentifier: 'legacy',
    instanceEndpointAddress: 'legacy.example.com',
    port: 5432,
    securityGroups: [],
  };
  const imported = (id: string, engine?: rds.IInstanceEngine) =>
    rds.DatabaseInstance.fromDatabaseInstanceAttributes(stack, `Imported${id}`, { ...attributes, engine });
  const of = (id: string, database: rds.IDatabaseInstance, adminSecret?: secretsmanager.ISecret) => () =>
    PostgresDatabase.fromInstance(stack, `Database${id}`, database, { databaseName: 'orders', adminSecret });

  test('a database without an admin secret', () => {
    expect(of('1', imported('1'))).toThrow(
      "Stack/Database1: 'adminSecret' is missing, and 'instance' (Stack/Imported1) has no secret of its own",
    );
    expect(of('2', imported('2'), importedSecret(stack))).not.toThrow();
  });

  test('a PostgreSQL without SCRAM by default, as far as its version is known', () => {
    expect(
      of('3', imported('3', postgres(rds.PostgresEngineVersion.of('13.4', '13'))), importedSecret(stack, 'Admin3')),
    ).toThrow("'instance' is PostgreSQL 13");
    const token = new CfnParameter(stack, 'Version').valueAsString;
    expect(
      of('4', imported('4', postgres(rds.PostgresEngineVersion.of(token, token))), importedSecret(stack, 'Admin4')),
    ).not.toThrow();
  });

  test('another engine', () => {
    expect(of('5', imported('5', rds.DatabaseInstanceEngine.MYSQL), importedSecret(stack, 'Admin5'))).toThrow(
      "'instance' is of the engine mysql",
    );
    const cluster = rds.DatabaseCluster.fromDatabaseClusterAttributes(stack, 'MySql', {
      clusterIdentifier: 'legacy',
      clusterEndpointAddress: 'legacy.example.com',
      port: 3306,
      engine: rds.DatabaseClusterEngine.AURORA_MYSQL,
    });
    expect(() => PostgresDatabase.fromCluster(stack, 'Database6', cluster, { databaseName: 'orders' })).toThrow(
      "'cluster' is of the engine aurora-mysql",
    );
  });

  test('a read replica, on which no user can be created', () => {
    const replica = new rds.DatabaseInstanceReadReplica(stack, 'Replica', {
      vpc,
      vpcSubnets: ISOLATED,
      sourceDatabaseInstance: instance,
      instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MEDIUM),
    });
    expect(of('7', replica, importedSecret(stack, 'Admin7'))).toThrow("'instance' (Stack/Replica) is a read replica");
  });

  test('a name for a database that has one', () => {
    const database = PostgresDatabase.fromInstance(stack, 'Database8', instance, { databaseName: 'orders' });
    expect(
      () =>
        new RotatingPostgres(stack, 'Orders', {
          vpc,
          database: DatabaseSource.existing(database),
          databaseName: 'invoices',
        }),
    ).toThrow("Stack/Orders: 'databaseName' is 'invoices', but the database is there already (Stack/Database8)");
  });
});
