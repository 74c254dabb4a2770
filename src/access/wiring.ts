import { CfnResource, IResource, Stack, Token, TokenComparison } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { IConstruct, IDependable } from 'constructs';
import { setEnvironment } from './wiring-environment';
import { ConsumerRules } from './wiring-rules';
import { SecretsManagerEndpoint } from '../network/secrets-manager-endpoint';
import { fail } from '../private/errors';
import { IDatabaseUser } from '../user/database-user-options';

/** How a consumer is wired. */
export interface WireOptions {
  /**
   * The container that gets the environment, where the consumer is an ECS service with several.
   * @default - the default container of the service's task definition
   */
  readonly container?: ecs.ContainerDefinition;
  /**
   * Starts the names of the environment variables, for a consumer of several users: with `REPORTS_` the program passes
   * the value of `REPORTS_ROTATING_POSTGRES_SECRET_ARN` to the client package as its `secretId`.
   * @default - none, which are the names that the program's libraries read by themselves
   */
  readonly environmentPrefix?: string;
  /**
   * The consumer's way to Secrets Manager, where its VPC is not the database's. A user without a password needs none.
   * @default - that of the database's own functions
   */
  readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
}

/** What a consumer gets. */
export interface Wiring extends WireOptions {
  readonly grant: (grantee: iam.IGrantable) => iam.Grant;
  /** Where the consumer reads a secret: through which endpoint, if one is known. */
  readonly secretsManager?: { readonly endpoint?: SecretsManagerEndpoint };
  /** What the consumer waits for. */
  readonly ready: IDependable;
}

/**
 * What constructs that consume may have; whatever has it counts, for a construct of another copy of aws-cdk-lib is no
 * instance of ours.
 */
export interface Consumer
  extends IConstruct, Partial<ec2.IConnectable>, Partial<iam.IGrantable>, Partial<Pick<IResource, 'env'>> {
  readonly taskDefinition?: Partial<Pick<ecs.TaskDefinition, 'taskRole' | 'defaultContainer'>>;
}

/** Grants, connects and informs a consumer of a user, and makes it wait until all that is in force. */
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
    // The resource alone: of its security groups, which belong to the same construct, the rules need the ids.
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
      "it has no security groups; give it the 'vpc' of the database, or of an alias or a version pass the function" +
        ` (${error instanceof Error ? error.message : error})`,
    );
  }
  if (!groups) {
    return refuse(
      'it is no ec2.IConnectable; pass what has security groups, such as a Lambda function in a VPC, an ECS service' +
        ' (of a pattern its `service`) or an EC2 instance',
    );
  }
  if (groups.length === 0) refuse('it has no security group; give it one');
  return groups;
}

/** Tasks of ECS have the role of their definition; the service has none. */
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
