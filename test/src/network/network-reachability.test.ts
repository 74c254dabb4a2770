import { App, CfnParameter, Fn, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { PostgresDatabase, RotatingPostgres, RotationFunction, SecretsManagerEndpoint } from '../../../src';
import { isolatedVpc, only, resourcesOf } from '../support/stacks';

const SERVICE = ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER;
const { PRIVATE_ISOLATED, PRIVATE_WITH_EGRESS, PUBLIC } = ec2.SubnetType;
const PARTS = ['RotationFunction', 'UserProviderInVpc'];
const NO_ROUTE =
  /has no route out of the VPC, .* give the VPC NAT gateways and private subnets, or leave SecretsManagerEndpoint\.none\(\) out/;

function newStack(): Stack {
  return new Stack(new App(), 'Stack');
}

/** The template of a database in this VPC, on the way that is given. */
function template(vpc: ec2.IVpc, secretsManagerEndpoint?: SecretsManagerEndpoint): Template {
  new RotatingPostgres(Stack.of(vpc), 'Orders', { vpc, secretsManagerEndpoint });
  return Template.fromStack(Stack.of(vpc));
}

/** With these endpoints: what is wrong with one of them. */
function refused(
  make: (stack: Stack, vpc: ec2.Vpc) => ec2.IInterfaceVpcEndpoint,
  message: string,
  vpcOf = isolatedVpc,
) {
  const stack = newStack();
  const vpc = vpcOf(stack);
  const secretsManagerEndpoint = SecretsManagerEndpoint.fromInterfaceVpcEndpoint(make(stack, vpc));
  expect(() => new RotatingPostgres(stack, 'Orders', { vpc, secretsManagerEndpoint })).toThrow(message);
}

const subnets = (...types: ec2.SubnetType[]) => types.map(subnetType => ({ name: subnetType, subnetType }));
const subnetsOf = (rendered: Template, part: string) =>
  (
    only(rendered, 'AWS::Lambda::Function', part)[1].Properties.VpcConfig as { SubnetIds: { Ref: string }[] }
  ).SubnetIds.map(({ Ref }) => Ref ?? 'imported');
const egressOf = (rendered: Template, part: string) =>
  only(rendered, 'AWS::EC2::SecurityGroup', part)[1].Properties.SecurityGroupEgress;

describe('an endpoint is refused that', () => {
  test('has private DNS off', () =>
    refused(
      (_, vpc) => vpc.addInterfaceEndpoint('Off', { service: SERVICE, privateDnsEnabled: false }),
      "Stack/Orders/UserProvider/InVpc: 'secretsManagerEndpoint' (Stack/Vpc/Off) has private DNS off",
    ));
  test('is in another VPC', () =>
    refused(
      stack => new ec2.Vpc(stack, 'Other').addInterfaceEndpoint('There', { service: SERVICE }),
      "'secretsManagerEndpoint' (Stack/Other/There) is in another VPC than the function (Stack/Vpc)",
    ));
  test('is for another service', () =>
    refused(
      (_, vpc) => vpc.addInterfaceEndpoint('Keys', { service: ec2.InterfaceVpcEndpointAwsService.KMS }),
      "'secretsManagerEndpoint' (Stack/Vpc/Keys) is not for Secrets Manager",
    ));
  test('is imported without its security groups', () =>
    refused(
      stack =>
        ec2.InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(stack, 'Imported', {
          vpcEndpointId: 'vpce-1',
          port: 443,
        }),
      "'secretsManagerEndpoint' (Stack/Imported) has no security group that is known here",
    ));
  test('has private DNS in a VPC without DNS host names', () =>
    refused(
      (_, vpc) => vpc.addInterfaceEndpoint('Made', { service: SERVICE }),
      "needs 'enableDnsHostnames' and 'enableDnsSupport'",
      stack =>
        new ec2.Vpc(stack, 'Vpc', {
          natGateways: 0,
          enableDnsHostnames: false,
          subnetConfiguration: subnets(PRIVATE_ISOLATED),
        }),
    ));

  test('the app makes without its security groups being known', () => {
    const stack = newStack();
    const vpc = isolatedVpc(stack);
    new ec2.CfnVPCEndpoint(stack, 'Plain', {
      vpcId: vpc.vpcId,
      serviceName: SERVICE.name,
      vpcEndpointType: 'Interface',
      privateDnsEnabled: true,
    });
    expect(() => new RotatingPostgres(stack, 'Orders', { vpc })).toThrow(
      'that is no ec2.InterfaceVpcEndpoint (Stack/Plain)',
    );
  });
});

test('an endpoint whose VPC or service only the deployment knows is not judged', () => {
  const stack = newStack();
  const token = (id: string) => new CfnParameter(stack, id).valueAsString;
  const [one, other] = ['One', 'Other'].map(id =>
    ec2.Vpc.fromVpcAttributes(stack, id, {
      vpcId: token(`${id}Id`),
      vpcCidrBlock: '10.0.0.0/16',
      availabilityZones: ['a'],
      isolatedSubnetIds: ['subnet-1'],
    }),
  );
  const endpoint = new ec2.InterfaceVpcEndpoint(stack, 'Endpoint', { vpc: other, service: SERVICE });
  const service = new ec2.InterfaceVpcEndpoint(stack, 'Service', {
    vpc: one,
    service: { name: Fn.importValue('service-of-secretsmanager'), port: 443 },
  });
  new RotatingPostgres(stack, 'Orders', {
    vpc: one,
    secretsManagerEndpoint: SecretsManagerEndpoint.fromInterfaceVpcEndpoint(endpoint),
  });
  new RotatingPostgres(stack, 'Invoices', {
    vpc: one,
    secretsManagerEndpoint: SecretsManagerEndpoint.fromInterfaceVpcEndpoint(service),
  });
  expect(() => Template.fromStack(stack)).not.toThrow();
});

test('an endpoint without a subnet in the zones of the function is used: the way leads across zones', () => {
  const vpc = new ec2.Vpc(newStack(), 'Vpc', {
    availabilityZones: ['a', 'b'],
    natGateways: 0,
    subnetConfiguration: subnets(PRIVATE_ISOLATED),
  });
  vpc.addInterfaceEndpoint('OneZone', { service: SERVICE, subnets: { availabilityZones: ['a'] } });
  expect(() => template(vpc)).not.toThrow();
});

describe('without an endpoint', () => {
  test('functions go out from private subnets through a NAT gateway, the database stays in isolated ones', () => {
    const rendered = template(
      new ec2.Vpc(newStack(), 'Vpc', {
        maxAzs: 2,
        subnetConfiguration: subnets(PUBLIC, PRIVATE_WITH_EGRESS, PRIVATE_ISOLATED),
      }),
      SecretsManagerEndpoint.none(),
    );
    rendered.resourceCountIs('AWS::EC2::VPCEndpoint', 0);
    for (const part of PARTS) {
      expect(subnetsOf(rendered, part)).toEqual([
        expect.stringContaining('Private'),
        expect.stringContaining('Private'),
      ]);
      expect(egressOf(rendered, part)).toEqual([
        expect.objectContaining({ CidrIp: '0.0.0.0/0', FromPort: 443, ToPort: 443 }),
      ]);
    }
    expect(JSON.stringify(only(rendered, 'AWS::RDS::DBSubnetGroup')[1].Properties.SubnetIds)).toContain('Isolated');
  });

  test.each([[[PRIVATE_ISOLATED]], [[PUBLIC, PRIVATE_WITH_EGRESS]]])(
    'and without a NAT gateway, in subnets %j, is an error that says what to add',
    types => {
      expect(() =>
        template(
          new ec2.Vpc(newStack(), 'Vpc', { natGateways: 0, subnetConfiguration: subnets(...types) }),
          SecretsManagerEndpoint.none(),
        ),
      ).toThrow(NO_ROUTE);
    },
  );

  test.each<[string, (subnet: ec2.Subnet) => void]>([
    ['a NAT instance', subnet => subnet.addRoute('Out', { routerType: ec2.RouterType.INSTANCE, routerId: 'i-1' })],
    [
      'a transit gateway',
      subnet =>
        subnet.addRoute('Out', {
          routerType: ec2.RouterType.TRANSIT_GATEWAY,
          routerId: 'tgw-1',
          destinationCidrBlock: '10.0.0.0/8',
        }),
    ],
    [
      'a virtual private gateway',
      subnet => subnet.addRoute('Out', { routerType: ec2.RouterType.GATEWAY, routerId: 'vgw-1' }),
    ],
    [
      'a propagated route',
      subnet =>
        new ec2.CfnVPNGatewayRoutePropagation(subnet, 'Out', {
          vpnGatewayId: 'vgw-1',
          routeTableIds: [subnet.routeTable.routeTableId],
        }),
    ],
  ])('%s that is added later is a way out', (_, add) => {
    const stack = newStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', {
      maxAzs: 1,
      natGateways: 0,
      subnetConfiguration: subnets(PRIVATE_ISOLATED),
    });
    new RotatingPostgres(stack, 'Orders', { vpc, secretsManagerEndpoint: SecretsManagerEndpoint.none() });
    add(vpc.isolatedSubnets[0] as ec2.Subnet);
    expect(() => Template.fromStack(stack)).not.toThrow();
  });

  test('an internet gateway is none, for a function has no public address', () => {
    const stack = newStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', {
      maxAzs: 1,
      natGateways: 0,
      subnetConfiguration: subnets(PRIVATE_ISOLATED),
    });
    const gateway = new ec2.CfnInternetGateway(stack, 'Gateway');
    (vpc.isolatedSubnets[0] as ec2.Subnet).addRoute('Out', {
      routerType: ec2.RouterType.GATEWAY,
      routerId: gateway.ref,
    });
    expect(() => template(vpc, SecretsManagerEndpoint.none())).toThrow(NO_ROUTE);
  });

  test.each([
    [SecretsManagerEndpoint.none(), {}],
    [undefined, { secretsManagerEndpoint: SecretsManagerEndpoint.none() }],
  ])('a wired consumer is let out as the functions are: %#', (secretsManagerEndpoint, options) => {
    const stack = newStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 1 });
    const securityGroups = [new ec2.SecurityGroup(stack, 'Closed', { vpc, allowAllOutbound: false })];
    const consumer = new lambda.Function(stack, 'Consumer', {
      vpc,
      securityGroups,
      code: lambda.Code.fromInline('-'),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_22_X,
    });
    new RotatingPostgres(stack, 'Orders', { vpc, secretsManagerEndpoint }).wire(consumer, options);
    expect(egressOf(Template.fromStack(stack), 'Closed')).toEqual([
      expect.objectContaining({ CidrIp: '0.0.0.0/0', FromPort: 443, ToPort: 443 }),
    ]);
  });

  test('there is none to ask for', () =>
    expect(() => SecretsManagerEndpoint.none().endpoint).toThrow('has no endpoint'));

  test('an endpoint that the app makes all the same is found in the end', () => {
    const stack = newStack();
    const vpc = isolatedVpc(stack);
    new RotatingPostgres(stack, 'Orders', { vpc, secretsManagerEndpoint: SecretsManagerEndpoint.none() });
    vpc.addInterfaceEndpoint('Later', { service: SERVICE });
    expect(() => Template.fromStack(stack)).not.toThrow();
  });
});

test('one function reaches two databases on premises, each at its address', () => {
  const stack = newStack();
  const vpc = isolatedVpc(stack);
  const rotation = new RotationFunction(stack, 'Shared', { vpc });
  ['10.20.0.5/32', '10.20.0.6/32'].forEach((address, index) =>
    rotation.addDatabase(
      PostgresDatabase.fromAttributes(stack, `Database${index}`, {
        host: `db${index}.example.com`,
        databaseName: 'orders',
        peer: ec2.Peer.ipv4(address),
        adminSecret: secretsmanager.Secret.fromSecretNameV2(stack, `Admin${index}`, 'admin'),
      }),
    ),
  );
  const egress = egressOf(Template.fromStack(stack), 'Shared') as { CidrIp: string }[];
  expect(egress.map(({ CidrIp }) => CidrIp)).toEqual(['10.20.0.5/32', '10.20.0.6/32']);
});

describe('in an imported VPC', () => {
  const imported = (stack: Stack, ids: object) =>
    ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1',
      vpcCidrBlock: '10.0.0.0/16',
      availabilityZones: ['a'],
      ...ids,
    });
  const warnings = (stack: Stack, text: string) =>
    Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp(text)).length;

  test('functions of an unknown way run in private subnets, where they find either', () => {
    const rendered = template(
      imported(newStack(), { isolatedSubnetIds: ['subnet-isolated'], privateSubnetIds: ['subnet-private'] }),
    );
    for (const part of PARTS) {
      expect(only(rendered, 'AWS::Lambda::Function', part)[1].Properties.VpcConfig).toMatchObject({
        SubnetIds: ['subnet-private'],
      });
    }
  });

  test('the warning says when only an endpoint can be the way', () => {
    const stack = newStack();
    template(imported(stack, { isolatedSubnetIds: ['subnet-isolated'] }));
    expect(
      warnings(stack, 'must reach Secrets Manager, by its own interface endpoint, for its subnets are isolated'),
    ).toBe(1);
  });

  test('who says that there is no endpoint is believed: its routes cannot be seen', () => {
    const stack = newStack();
    expect(() =>
      template(imported(stack, { isolatedSubnetIds: ['subnet-isolated'] }), SecretsManagerEndpoint.none()),
    ).not.toThrow();
    expect(warnings(stack, 'must reach Secrets Manager')).toBe(0);
  });

  test('subnets that nobody has named are asked for', () => {
    const stack = newStack();
    expect(() => template(imported(stack, {}))).toThrow('has no subnets that are known here');
  });
});

describe('in a dual-stack VPC', () => {
  const dualStack = (...types: ec2.SubnetType[]) =>
    new ec2.Vpc(newStack(), 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      ipProtocol: ec2.IpProtocol.DUAL_STACK,
      subnetConfiguration: subnets(...types),
    });
  const vpcConfig = (rendered: Template, part: string) =>
    only(rendered, 'AWS::Lambda::Function', part)[1].Properties.VpcConfig;

  test('functions have IPv6 as well, and rules by group say nothing of either', () => {
    const rendered = template(dualStack(PRIVATE_ISOLATED));
    for (const part of PARTS) expect(vpcConfig(rendered, part)).toMatchObject({ Ipv6AllowedForDualStack: true });
    for (const { Type, Properties } of Object.values(resourcesOf(rendered))) {
      if (/SecurityGroup(In|E)gress$/.test(Type)) {
        expect(Object.keys(Properties)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^Cidr/)]));
      }
    }
  });

  test('an egress-only internet gateway is a way out, on which functions are let out by IPv6', () => {
    const rendered = template(dualStack(PUBLIC, PRIVATE_WITH_EGRESS), SecretsManagerEndpoint.none());
    for (const part of PARTS) {
      expect(egressOf(rendered, part)).toEqual([
        expect.objectContaining({ CidrIp: '0.0.0.0/0', FromPort: 443 }),
        expect.objectContaining({ CidrIpv6: '::/0', FromPort: 443 }),
      ]);
    }
  });

  test('one with IPv4 alone has functions without IPv6', () => {
    const rendered = template(isolatedVpc(newStack()));
    for (const part of PARTS) expect(vpcConfig(rendered, part)).not.toHaveProperty('Ipv6AllowedForDualStack');
  });
});
