import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { before, ids } from './support/graph';
import { isolatedVpc, only, resourcesOf, type TemplateResource } from './support/stacks';
import { RotatingPostgres } from '../../src';

// CloudFormation deletes in the opposite order of creation: what a resource was created after is deleted after it.

const GROUP = 'AWS::EC2::SecurityGroup';
const FUNCTION = 'AWS::Lambda::Function';
const RULES = ['AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress'];

function rendered(removalPolicy?: RemovalPolicy): Template {
  const stack = new Stack(new App(), 'Stack');
  const db = new RotatingPostgres(stack, 'Orders', { vpc: isolatedVpc(stack), removalPolicy });
  db.addUser('reports');
  void db.revocationFunction;
  return Template.fromStack(stack);
}

const template = rendered(RemovalPolicy.DESTROY);
const resources = resourcesOf(template);
const inVpc = ids(template, FUNCTION).filter(id => resources[id].Properties.VpcConfig !== undefined);
const subnets = ids(template, 'AWS::EC2::Subnet');

/** The resources of these types that a resource names. */
function named(id: string, ...types: string[]): string[] {
  const text = JSON.stringify(resources[id].Properties);
  return Object.entries(resources)
    .filter(([other, { Type }]) => types.includes(Type) && text.includes(`"${other}"`))
    .map(([other]) => other);
}

test('three functions are in the VPC', () => expect(inVpc).toHaveLength(3));

// Lambda takes its interfaces out of the VPC when a function goes, in the role's name, and CloudFormation waits for
// that.
test.each(inVpc)('%s goes before its role, its security group and its subnets, which its interfaces would hold', id => {
  const after = before(template, id);
  const [role, group] = [named(id, 'AWS::IAM::Role'), named(id, GROUP)];
  expect([role.length, group.length]).toEqual([1, 1]);
  expect([...after]).toEqual(expect.arrayContaining([...role, ...group, ...subnets]));
  expect(resources[role[0]].Properties.Policies).toContainEqual(
    expect.objectContaining({
      PolicyDocument: expect.objectContaining({
        Statement: expect.arrayContaining([
          expect.objectContaining({ Action: expect.arrayContaining(['ec2:DeleteNetworkInterface']) }),
        ]),
      }),
    }),
  );
});

test.each(inVpc)('%s goes before its log group, which a last line would make anew', id => {
  expect([...before(template, id)]).toEqual(expect.arrayContaining(named(id, 'AWS::Logs::LogGroup')));
});

test('a rule goes before both groups that it names: EC2 deletes no group that another one names', () => {
  const rules = Object.keys(resources).filter(id => RULES.includes(resources[id].Type));
  expect(rules.length).toBeGreaterThan(8);
  for (const id of rules) {
    expect([id, named(id, GROUP).filter(group => !before(template, id).has(group))]).toEqual([id, []]);
  }
  // And none is written within a group, where only the group's own deletion would take it away.
  for (const group of ids(template, GROUP)) {
    const inline = [
      resources[group].Properties.SecurityGroupIngress,
      resources[group].Properties.SecurityGroupEgress,
    ].flat();
    expect(JSON.stringify(inline)).not.toContain('SourceSecurityGroupId');
    expect(JSON.stringify(inline)).not.toContain('DestinationSecurityGroupId');
  }
});

test(
  'the endpoint goes after the users, whose deletion reads the admin secret, and before its group and ' + 'subnets',
  () => {
    const [endpoint] = only(template, 'AWS::EC2::VPCEndpoint');
    for (const user of ids(template, 'Custom::RotatingPostgresUser')) {
      expect([...before(template, user)]).toContain(endpoint);
    }
    expect([...before(template, endpoint)]).toEqual(
      expect.arrayContaining([...ids(template, GROUP, 'SecretsManagerEndpoint'), ...subnets]),
    );
  },
);

test('rotation ends before what it works with goes', () => {
  for (const schedule of ids(template, 'AWS::SecretsManager::RotationSchedule')) {
    expect([...before(template, schedule)]).toEqual(
      expect.arrayContaining([
        ...ids(template, FUNCTION, 'RotationFunction'),
        ...ids(template, 'AWS::RDS::DBInstance'),
        ...ids(template, 'AWS::EC2::VPCEndpoint'),
      ]),
    );
  }
});

test(
  "in a stack beside the VPC's, what is made in the database's stack goes with it, so that the VPC's " + 'can follow',
  () => {
    const app = new App();
    const network = new Stack(app, 'Network');
    const vpc = isolatedVpc(network);
    vpc.addInterfaceEndpoint('Made', { service: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER, open: false });
    const stack = new Stack(app, 'Database');
    new RotatingPostgres(stack, 'Orders', { vpc, removalPolicy: RemovalPolicy.DESTROY });
    expect(network.dependencies).toEqual([]);
    expect(Object.values(resourcesOf(Template.fromStack(network))).filter(({ Type }) => RULES.includes(Type))).toEqual(
      [],
    );
    expect(JSON.stringify(resourcesOf(Template.fromStack(network)))).not.toContain('ImportValue');
  },
);

test(
  'whatever is retained keeps what it needs: a group, a key or a secret that goes would break it, or ' + 'could not go',
  () => {
    const all = resourcesOf(rendered());
    const retained = Object.entries(all).filter(
      ([, { DeletionPolicy, Type }]) => DeletionPolicy === 'Retain' && !Type.startsWith('Custom::'),
    );
    const needed = (resource: TemplateResource) =>
      Object.keys(all).filter(id => JSON.stringify(resource.Properties ?? {}).includes(`"${id}"`));
    for (const [id, resource] of retained) {
      const lost = needed(resource).filter(
        other => all[other].DeletionPolicy !== 'Retain' && !/^AWS::EC2::(VPC|Subnet)$/.test(all[other].Type),
      );
      expect([id, lost]).toEqual([id, []]);
    }
    expect(retained.map(([, { Type }]) => Type)).toEqual(
      expect.arrayContaining([
        'AWS::RDS::DBInstance',
        'AWS::RDS::DBSubnetGroup',
        'AWS::RDS::DBParameterGroup',
        GROUP,
        'AWS::KMS::Key',
        'AWS::SecretsManager::Secret',
      ]),
    );
  },
);
