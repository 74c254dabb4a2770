import { Stack, Stage } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct, IConstruct, IDependable } from 'constructs';
import { IDatabaseUser } from './database-user-interface';
import { SecretsManagerEndpoint } from '../network/secrets-manager-endpoint';
import { allow } from '../network/security-group-rules';
import { fail } from '../private/errors';

/** As an operator reads it on the rules of a security group. */
const DESCRIPTION = 'Consumer of a PostgreSQL user';

/**
 * What a security group of consumers is allowed to reach, once for all consumers that share the group: AWS refuses the
 * same rule twice, and a rule that went from one consumer to another would be made before it is deleted.
 */
export class ConsumerRules extends Construct {
  /**
   * The rules of the group in the consumer's stack: in the group's, which may be the VPC's, they could make a cycle.
   */
  public static of(consumer: IConstruct, group: ec2.ISecurityGroup): ConsumerRules {
    const stack = Stack.of(consumer);
    const all =
      stack.node.tryFindChild('RotatingPostgresConsumers') ?? new Construct(stack, 'RotatingPostgresConsumers');
    const found = all.node.tryFindChild(idOf(group));
    return found instanceof ConsumerRules ? found : new ConsumerRules(all, group);
  }

  private readonly ways = new Map<IConstruct, IDependable[]>();

  private constructor(
    scope: IConstruct,
    private readonly group: ec2.ISecurityGroup,
  ) {
    super(scope as Construct, idOf(group));
    this.node.addValidation({ validate: () => this.doubles() });
  }

  /** The way to the user's database and back. */
  public toDatabase({ database }: IDatabaseUser): IDependable[] {
    return this.once(database, way => {
      const to = database.connections;
      const port =
        to.defaultPort ??
        fail(this, `the connections of the database (${database.node.path}) have no default port; give them one`);
      allow(way, 'Database', { from: this.group, to, port, description: DESCRIPTION, ingress: true });
      return [way];
    });
  }

  /**
   * The way to Secrets Manager. Where no endpoint is known, it leads through a NAT gateway or through what only the
   * VPC's owner knows.
   */
  public toSecretsManager(endpoint: SecretsManagerEndpoint | undefined): IDependable[] {
    if (endpoint?._isKnown) {
      return this.once(endpoint.endpoint, way => [way, ...endpoint._admit(way, this.group, DESCRIPTION)]);
    }
    this.group.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(443), 'To Secrets Manager, wherever it is reached');
    return [];
  }

  private doubles(): string[] {
    const own = new Map(ingressRules(this).map(rule => [ruleKey(rule), rule]));
    return ingressRules(this.node.root)
      .filter(rule => (own.get(ruleKey(rule)) ?? rule) !== rule)
      .map(
        rule =>
          `'${rule.node.path}' is a rule that 'wire' has made already, and AWS refuses the same rule twice; ` +
          "leave out what allows it besides 'wire'" +
          ' (such as allowDefaultPortFrom), or give consumers in different stacks a security group each',
      );
  }

  private once(destination: IConstruct, make: (way: Construct) => IDependable[]): IDependable[] {
    const made = this.ways.get(destination) ?? make(new Construct(this, idOf(destination)));
    this.ways.set(destination, made);
    return made;
  }
}

/** What makes two rules the same to AWS. */
function ruleKey({
  groupId,
  sourceSecurityGroupId,
  ipProtocol,
  fromPort,
  toPort,
}: ec2.CfnSecurityGroupIngress): string {
  return [groupId, sourceSecurityGroupId, ipProtocol, fromPort, toPort].join();
}

function ingressRules(scope: IConstruct): ec2.CfnSecurityGroupIngress[] {
  return scope.node.findAll().filter(construct => construct instanceof ec2.CfnSecurityGroupIngress);
}

/** The same in every stage. */
function idOf(construct: IConstruct): string {
  const stage = Stage.of(construct)?.node.path;
  return stage ? construct.node.path.slice(stage.length + 1) : construct.node.path;
}
