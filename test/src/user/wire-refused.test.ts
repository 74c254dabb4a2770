import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, type IConstruct } from 'constructs';
import { RotatingPostgres } from '../../../src';
import { functionIn, serviceIn, setUp } from '../support/consumers';

describe('refused with the place, the value and the way out:', () => {
  const refused = (make: (stack: Stack, vpc: ec2.IVpc) => IConstruct, message: string) => {
    const { stack, vpc, db } = setUp();
    expect(() => db.wire(make(stack, vpc))).toThrow(message);
  };
  const functionArn = 'arn:aws:lambda:eu-west-1:111122223333:function:imported';

  test('a function outside any VPC', () =>
    refused(
      stack => functionIn(undefined, stack),
      "Stack/Orders/User: 'consumer' (Stack/Function) cannot be admitted to the database: it has no " +
        "security groups; give it the 'vpc' of the database",
    ));

  test('what has no security group', () => {
    refused(
      stack => new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') }),
      'it is not an ec2.IConnectable; pass a construct with security groups',
    );
    refused(stack => lambda.Function.fromFunctionArn(stack, 'Imported', functionArn), 'it has no security groups');
    refused((stack, vpc) => functionIn(vpc, stack).currentVersion, 'for an alias or a version, pass the function');
    refused(
      stack => Object.assign(new Construct(stack, 'Empty'), { connections: new ec2.Connections() }),
      'it has no security group; give it one',
    );
  });

  test('what has no role, or one that cannot be changed', () => {
    refused((stack, vpc) => new ec2.SecurityGroup(stack, 'Group', { vpc }), "'consumer' (Stack/Group) has no role");
    refused(
      stack =>
        lambda.Function.fromFunctionAttributes(stack, 'Imported', {
          functionArn,
          securityGroup: ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1'),
        }),
      '(Stack/Imported) was imported without its role',
    );
  });

  test('a service that has no container yet', () =>
    refused((stack, vpc) => serviceIn(vpc, stack).service, "'consumer' (Stack/Service) has no container yet"));

  test('a consumer in another account or Region', () => {
    const app = new App();
    const at = (id: string, account: string, region: string) => {
      const stack = new Stack(app, id, { env: { account, region } });
      return { stack, vpc: new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['a', 'b'] }) };
    };
    const here = at('Here', '111122223333', 'eu-west-1');
    const db = new RotatingPostgres(here.stack, 'Orders', { vpc: here.vpc });
    for (const [id, account, region] of [
      ['Account', '444455556666', 'eu-west-1'],
      ['Region', '111122223333', 'eu-north-1'],
    ]) {
      const there = at(id, account, region);
      expect(() => db.wire(functionIn(there.vpc, there.stack))).toThrow(/'wire' works within one account and Region/);
    }
  });
});
