import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { deployed, isolatedVpc } from './support/stacks';
import { RotatingPostgres, RotationStrategy } from '../../src';

const SINGLE = { strategy: RotationStrategy.SINGLE_USER };

test.each([
  [{ username: '' }, "Stack/Orders/User: 'username' is ''"],
  [{ username: 'a'.repeat(58) }, "Stack/Orders/User: 'username' is 'aaa"],
  [{ username: 'a'.repeat(58) }, '64 bytes with the suffix _clone of a second login'],
  [{ username: 'ü'.repeat(29) }, '64 bytes'],
  [{ username: 'a'.repeat(58), ...SINGLE }, 'choose a name of 1 to 57'],
  [{ username: 'postgres' }, 'belongs to the administrator'],
  [{ username: 'app_clone' }, '_clone ends the name of a second login'],
  [{ username: 'app_clone', ...SINGLE }, '_clone ends the name of a second login'],
  [{ username: 'pg_app' }, 'belongs to the administrator, to PostgreSQL'],
  [{ username: 'rds_superuser' }, 'to RDS'],
  [{ databaseName: '1st' }, "Stack/Orders/Database: 'databaseName' is '1st'"],
  [{ databaseName: 'my-app' }, "'databaseName' is 'my-app'"],
  [{ databaseName: 'rdsadmin' }, 'every server has'],
  [{ databaseName: 'Template1' }, 'every server has'],
  [{ databaseName: 'postgres' }, 'every server has and no application may own'],
  [
    { schedule: { automaticallyAfter: Duration.hours(3) } },
    "Stack/Orders/User/Rotation: 'automaticallyAfter' is 3 hours",
  ],
  [{ schedule: { automaticallyAfter: Duration.minutes(270) } }, 'whole hours from 4'],
  [{ schedule: { automaticallyAfter: Duration.days(1001) } }, 'whole days up to 1000'],
  [
    { naming: { environment: 'prod', application: 'or ders' } },
    "the secret name 'prod/or ders/database_admin' from 'naming'",
  ],
  [{ naming: { environment: 'e'.repeat(100), application: 'a'.repeat(80) } }, 'at most 184 characters'],
  [
    { rotation: { passwords: { length: 7 } } },
    "Stack/Orders/RotationFunction: 'passwords.length' is 7 and must be a whole number from 8 to 128",
  ],
  [{ rotation: { passwords: { length: 129 } } }, "'passwords.length' is 129"],
  [{ rotation: { passwords: { length: 20.5 } } }, "'passwords.length' is 20.5"],
  [
    {
      rotation: {
        passwords: {
          excludeLowercase: true,
          excludeUppercase: true,
          excludePunctuation: true,
          excludeCharacters: '012345678',
        },
      },
    },
    'leaves 1 different characters',
  ],
  [{ rotation: { retireAfter: Duration.millis(1500) } }, 'cannot be converted into a whole number of seconds'],
  [
    { rotation: { furtherServers: ['db.example.com'] } },
    "'furtherServers' has 'db.example.com'; write a host name and a port",
  ],
  [{ rotation: { furtherServers: ['a:1 b:2'] } }, "'furtherServers' has 'a:1 b:2'"],
  [
    { username: 'my-report', naming: { environment: 'prod', application: 'orders' } },
    'ends in a hyphen and six characters',
  ],
])('%j is refused with the place, the value and the way out', (props, message) => {
  expect(() => deployed(props)).toThrow(message);
});

test.each([
  { username: 'a'.repeat(57) },
  { username: 'a'.repeat(57), ...SINGLE },
  { username: 'Reports "2026" ü' },
  { databaseName: '_app' },
])('%j is accepted', props => {
  expect(() => deployed(props)).not.toThrow();
});

test('a user name that is known at deployment only is refused, other values of that kind are not judged', () => {
  const stack = new Stack(new App(), 'Stack');
  const vpc = isolatedVpc(stack);
  const token = new CfnParameter(stack, 'Token').valueAsString;
  expect(() => new RotatingPostgres(stack, 'Wrong', { vpc, username: token })).toThrow(
    "Stack/Wrong/User: 'username' is a token",
  );
  const days = Duration.days(new CfnParameter(stack, 'Days', { type: 'Number' }).valueAsNumber);
  expect(
    () =>
      new RotatingPostgres(stack, 'Right', {
        vpc,
        databaseName: token,
        naming: { environment: token, application: 'orders' },
        schedule: { automaticallyAfter: days },
        rotation: {
          retireAfter: Duration.seconds(new CfnParameter(stack, 'Seconds', { type: 'Number' }).valueAsNumber),
          furtherServers: [token],
          passwords: {
            length: new CfnParameter(stack, 'Length', { type: 'Number' }).valueAsNumber,
            excludeCharacters: token,
          },
        },
      }),
  ).not.toThrow();
});

test('a VPC with public subnets only is refused', () => {
  const stack = new Stack(new App(), 'Stack');
  const vpc = new ec2.Vpc(stack, 'Vpc', {
    subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }],
  });
  expect(() => new RotatingPostgres(stack, 'Orders', { vpc })).toThrow(
    "Stack/Orders/Database: 'vpc' (Stack/Vpc) has public subnets only",
  );
});
