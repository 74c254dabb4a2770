import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { type Prop, publicInterfaces } from './support/public-props';
import { isolatedVpc } from './support/stacks';
import {
  AuroraCapacity,
  DatabaseProxy,
  DatabaseSource,
  DatabaseUser,
  IamDatabaseUser,
  PostgresDatabase,
  Privileges,
  ProxyAuthentication,
  RevocationFunction,
  RotatingPostgres,
  RotatingPostgresProps,
  RotationFunction,
  RotationSchedule,
  ScheduledRotation,
  SecretsManagerEndpoint,
  ServiceTrust,
} from '../../src';

const UNITS: Readonly<Record<string, 'seconds' | 'hours'>> = {
  retireAfter: 'seconds',
  idleClientTimeout: 'seconds',
  window: 'hours',
};

/** A stack with a VPC, and what is used there as it is needed. */
class World {
  readonly stack = new Stack(new App(), 'Stack');
  readonly vpc = isolatedVpc(this.stack);

  orders(props: Partial<RotatingPostgresProps> = {}): RotatingPostgres {
    return new RotatingPostgres(this.stack, 'Orders', { vpc: this.vpc, ...props });
  }

  get admin(): secretsmanager.ISecret {
    return secretsmanager.Secret.fromSecretNameV2(this.stack, 'Admin', 'admin');
  }

  get instance(): rds.IDatabaseInstance {
    return rds.DatabaseInstance.fromDatabaseInstanceAttributes(this.stack, 'Instance', {
      instanceIdentifier: 'legacy',
      instanceEndpointAddress: 'legacy.example.com',
      port: 5432,
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(this.stack, 'Group', 'sg-1')],
    });
  }

  get role(): iam.Role {
    return new iam.Role(this.stack, 'Role', { assumedBy: ServiceTrust.lambda() });
  }

  token(type: string, id: string): unknown {
    const parameter = () =>
      new CfnParameter(this.stack, `Token${id}`, type === 'number' || type === 'Duration' ? { type: 'Number' } : {});
    switch (type) {
      case 'string':
        return parameter().valueAsString;
      case 'string[]':
        return [parameter().valueAsString];
      case 'number':
        return parameter().valueAsNumber;
      // aws-cdk-lib converts no token: its unit is that in which AWS takes it.
      case 'Duration':
        return Duration[UNITS[id] ?? 'days'](parameter().valueAsNumber);
      default:
        return undefined;
    }
  }
}

/** Values for some of the props of an interface; which these are, the test alone knows. */
type Tokens = Record<string, never>;

/** How a user gives the props of an interface to this library. */
const USES: Readonly<Record<string, (world: World, tokens: Tokens) => unknown>> = {
  RotatingPostgresProps: (world, tokens) => world.orders(tokens),
  AdoptProps: ({ stack, vpc, instance, admin }, tokens) =>
    RotatingPostgres.adopt(stack, 'Adopted', {
      vpc,
      database: PostgresDatabase.fromInstance(stack, 'Legacy', instance, {
        databaseName: 'orders',
        adminSecret: admin,
      }),
      ...tokens,
    }),
  SecretNaming: (world, tokens) =>
    world.orders({ naming: { environment: 'production', application: 'orders', ...tokens } }),
  RotationFunctionOptions: (world, tokens) => world.orders({ rotation: tokens }),
  PasswordOptions: (world, tokens) => world.orders({ rotation: { passwords: tokens } }),
  RotationFunctionProps: (world, tokens) =>
    new RotationFunction(world.stack, 'Made', { vpc: world.vpc, database: world.orders().database, ...tokens }),
  RevocationFunctionProps: (world, tokens) =>
    new RevocationFunction(world.stack, 'Made', { vpc: world.vpc, database: world.orders().database, ...tokens }),

  PostgresInstanceOptions: (world, tokens) => world.orders({ database: DatabaseSource.instance(tokens) }),
  AuroraClusterOptions: (world, tokens) => world.orders({ database: DatabaseSource.aurora(tokens) }),
  ServerlessCapacity: (world, tokens) =>
    world.orders({ database: DatabaseSource.aurora({ capacity: AuroraCapacity.serverlessV2(tokens) }) }),
  MultiAzClusterOptions: (world, tokens) => world.orders({ database: DatabaseSource.multiAzCluster(tokens) }),
  ExistingDatabaseProps: ({ stack, vpc, instance, admin }, tokens) =>
    RotatingPostgres.adopt(stack, 'Adopted', {
      vpc,
      database: PostgresDatabase.fromInstance(stack, 'Legacy', instance, {
        databaseName: 'orders',
        adminSecret: admin,
        ...tokens,
      }),
    }),
  PostgresDatabaseAttributes: ({ stack, vpc, admin }, tokens) =>
    RotatingPostgres.adopt(stack, 'Adopted', {
      vpc,
      database: PostgresDatabase.fromAttributes(stack, 'Legacy', {
        host: 'db.example.com',
        databaseName: 'orders',
        adminSecret: admin,
        peer: ec2.Peer.ipv4('10.20.0.5/32'),
        ...tokens,
      }),
    }),
  DatabaseProxyProps: (world, tokens) => {
    const db = world.orders();
    return new DatabaseProxy(world.stack, 'Proxy', {
      vpc: world.vpc,
      database: db.database,
      authentication: ProxyAuthentication.iam([db.addIamUser('proxied')]),
      ...tokens,
    });
  },

  DatabaseUserProps: (world, tokens) => {
    const { userProvider: provider, encryptionKey } = world.orders();
    return new DatabaseUser(world.stack, 'Made', {
      provider,
      encryptionKey,
      privileges: Privileges.connect(),
      username: 'reports',
      ...tokens,
    });
  },
  IamDatabaseUserProps: (world, tokens) =>
    new IamDatabaseUser(world.stack, 'Made', { provider: world.orders().userProvider, username: 'analyst', ...tokens }),
  FurtherDatabase: (world, tokens) =>
    world.orders().addUser('reports', {
      furtherDatabases: [{ databaseName: 'archive', privileges: Privileges.connect(), ...tokens }],
    }),
  ObjectPrivilegesOptions: (world, tokens) =>
    world.orders().addUser('reports', { privileges: Privileges.readOnly(tokens) }),

  RotationScheduleOptions: (world, tokens) => world.orders({ schedule: tokens }),
  ScheduledRotationProps: (world, tokens) =>
    new ScheduledRotation(world.stack, 'Made', {
      secret: world.admin,
      rotationFunction: world.orders().rotationFunction,
      ...tokens,
    }),
  RotationWindowOptions: (world, tokens) =>
    world.orders({ schedule: { when: RotationSchedule.rate(Duration.days(7), tokens) } }),
  RotationCronOptions: (world, { weekDay, ...tokens }) =>
    world
      .orders({ schedule: { when: RotationSchedule.cron(tokens) } })
      .addUser('reports', { schedule: { when: RotationSchedule.cron({ weekDay }) } }),
  RotationSpreadOptions: (world, tokens) => world.orders({ schedule: { when: RotationSchedule.spread(tokens) } }),

  SecretsManagerEndpointOptions: (world, tokens) =>
    SecretsManagerEndpoint.forVpc(world.vpc, { onlyBoundSecrets: true, ...tokens }),
  ReadOptions: (world, tokens) => world.orders().user.grantRead(world.role, tokens),
  EndpointOnlyOptions: (world, tokens) => world.orders().user.guard.denyReadsOutsideEndpoint(tokens),
  PodIdentityOptions: (world, tokens) => new iam.Role(world.stack, 'Pods', { assumedBy: ServiceTrust.eksPods(tokens) }),
  WireOptions: (world, tokens) =>
    world.orders().wire(
      new lambda.Function(world.stack, 'Consumer', {
        vpc: world.vpc,
        vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
        code: lambda.Code.fromInline('-'),
        handler: 'index.handler',
        runtime: lambda.Runtime.NODEJS_22_X,
      }),
      tokens,
    ),
};

/** Their props are those of the interfaces that extend them. */
const EXTENDED = [
  'RotatingPostgresOptions',
  'DatabaseOptions',
  'NewDatabaseProps',
  'PostgresInstanceProps',
  'AuroraClusterProps',
  'MultiAzClusterProps',
  'PasswordChangeOptions',
];

/**
 * What has to be written out, because what is synthesised depends on it, or because it must never change: a token is
 * refused in words.
 */
const LITERALS: readonly string[] = [
  'RotatingPostgresProps.username',
  'AdoptProps.username',
  'DatabaseUserProps.username',
  'WireOptions.environmentPrefix',
  'PostgresInstanceOptions.readReplicas',
  'AuroraClusterOptions.readers',
  'RotationFunctionOptions.firstRotationTimeout',
  'RotationFunctionProps.firstRotationTimeout',
  'RotationSpreadOptions.fromHour',
  'RotationSpreadOptions.toHour',
];

const tokenable = (props: Prop[]) =>
  props.filter(({ type }) => ['string', 'string[]', 'number', 'Duration'].includes(type));
const inputs = [...publicInterfaces()].filter(
  ([name, props]) => !/^I[A-Z]/.test(name) && !EXTENDED.includes(name) && tokenable(props).length > 0,
);

test('each interface of props that has texts, numbers or durations is tried below', () => {
  expect(inputs.map(([name]) => name).sort()).toEqual(Object.keys(USES).sort());
});

test.each(inputs)('tokens are not judged: %s', (name, props) => {
  const world = new World();
  const given = tokenable(props)
    .filter(prop => !LITERALS.includes(`${name}.${prop.name}`))
    .map(prop => [prop.name, world.token(prop.type, prop.name)]);
  USES[name](world, Object.fromEntries(given));
  expect(() => Template.fromStack(world.stack)).not.toThrow();
});

test.each(LITERALS)('a token is refused, and said to be one: %s', literal => {
  const [name, prop] = literal.split('.');
  const { type } = inputs.find(([found]) => found === name)![1].find(found => found.name === prop)!;
  const world = new World();
  expect(() => USES[name](world, { [prop]: world.token(type, prop) } as Tokens)).toThrow(
    new RegExp(`'${prop}'.* (is a|are) token`),
  );
});
