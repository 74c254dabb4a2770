import { CfnResource, Stack, Token, TokenComparison } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { IDependable } from 'constructs';
import { Consumer } from './consumer';
import { IDatabaseUser } from './database-user-interface';
import { setEnvironment } from './wire-environment';
import { WireOptions } from './wire-options';
import { ConsumerRules } from './wire-rules';
import { SecretsManagerEndpoint } from '../network/secrets-manager-endpoint';
import { fail } from '../private/errors';

/** How a kind of user wires a consumer. */
export interface Wiring extends WireOptions {
  readonly grant: (grantee: iam.IGrantable) => iam.Grant;
  /** Set if the consumer reads a secret, with the endpoint if one is known. */
  readonly secretsManager?: { readonly endpoint?: SecretsManagerEndpoint };
  /** The constructs that the consumer waits for. */
  readonly ready: IDependable;
}

/**
 * Grants access to a consumer, adds its network rules and its environment, and makes it wait until all of them are in
 * effect.
 */
export function wire(consumer: Consumer, user: IDatabaseUser, wiring: Wiring): void {
  checkPlace(consumer, user);
  const groups = securityGroupsOf(consumer, user);
  const grantee = granteeOf(consumer, user);
  setEnvironment(consumer, user, wiring);
  const granted = wiring.grant(grantee);
  const rules = groups.flatMap(group => {
    const of = ConsumerRules.of(consumer, group);
    return [
      ...of.toDatabase(user),
      ...(wiring.secretsManager ? of.toSecretsManager(wiring.secretsManager.endpoint) : []),
    ];
  });
  const resource = consumer.node.defaultChild;
  if (CfnResource.isCfnResource(resource)) {
    // Only the resource depends on the rules, because they need the ids of its security groups, which belong to the
    // same construct.
    resource.node.addDependency(wiring.ready, granted, ...rules);
  } else {
    consumer.node.addDependency(wiring.ready);
  }
}

function checkPlace(consumer: Consumer, user: IDatabaseUser): void {
  const [there, here] = [consumer.env ?? Stack.of(consumer), Stack.of(user)];
  for (const [what, one, other] of [
    ['account', there.account, here.account],
    ['region', there.region, here.region],
  ]) {
    if (Token.compareStrings(one, other) === TokenComparison.DIFFERENT) {
      fail(
        user,
        `'consumer' (${consumer.node.path}) is in the ${what} ${one}, the user in ${other}; 'wire' works ` +
          'within one account and Region',
      );
    }
  }
}

function securityGroupsOf(consumer: Consumer, user: IDatabaseUser): ec2.ISecurityGroup[] {
  const refuse = (because: string) =>
    fail(user, `'consumer' (${consumer.node.path}) cannot be admitted to the database: ${because}`);
  let groups: ec2.ISecurityGroup[] | undefined;
  try {
    groups = consumer.connections?.securityGroups;
  } catch (error) {
    refuse(
      "it has no security groups; give it the 'vpc' of the database; for an alias or a version, pass the function" +
        ` (${error instanceof Error ? error.message : error})`,
    );
  }
  if (!groups) {
    return refuse(
      'it is not an ec2.IConnectable; pass a construct with security groups, such as a Lambda function in a VPC, ' +
        'an ECS service (for an ECS pattern, its `service`) or an EC2 instance',
    );
  }
  if (groups.length === 0) refuse('it has no security group; give it one');
  return groups;
}

/** The grantee of a consumer. An ECS service has no role; its task definition has one. */
function granteeOf(consumer: Consumer, user: IDatabaseUser): iam.IGrantable {
  const grantee = consumer.grantPrincipal ? (consumer as iam.IGrantable) : consumer.taskDefinition?.taskRole;
  if (!grantee) {
    return fail(
      user,
      `'consumer' (${consumer.node.path}) has no role that could be granted anything; pass an ` +
        'iam.IGrantable, such as a Lambda' +
        ' function, an ECS service or an EC2 instance',
    );
  }
  if (grantee.grantPrincipal instanceof iam.UnknownPrincipal) {
    fail(
      user,
      `'consumer' (${consumer.node.path}) was imported without its role, which can therefore not be ` +
        'granted anything; name the role where' +
        ' it is imported, or wire it in the app that owns it',
    );
  }
  return grantee;
}
