import { Stack, Stage } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct, IConstruct, IDependable } from 'constructs';
import { IDatabaseUser } from './database-user-interface';
import { SecretsManagerEndpoint } from '../network/secrets-manager-endpoint';
import { allow } from '../network/security-group-rules';
import { fail } from '../private/errors';

/** The description of the security group rules, for operators. */
const DESCRIPTION = 'Consumer of a PostgreSQL user';

/**
 * The rules of a security group of consumers, created once for all consumers that share the group. AWS refuses
 * duplicate rules, and a rule that moved from one consumer to another would be created before it is deleted.
 */
export class ConsumerRules extends Construct {
  /**
   * The rules of the group in the consumer's stack. In the group's stack, which may be the VPC's, they could make a
   * cycle.
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

  /** Adds the rules between the group and the user's database. */
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
   * Adds the rules to the Secrets Manager endpoint. If no endpoint is known, requests leave through a NAT gateway or
   * through an endpoint that only the VPC's owner knows.
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
          'remove the other call that makes it' +
          ' (such as allowDefaultPortFrom), or give consumers in different stacks their own security groups',
      );
  }

  private once(destination: IConstruct, make: (way: Construct) => IDependable[]): IDependable[] {
    const made = this.ways.get(destination) ?? make(new Construct(this, idOf(destination)));
    this.ways.set(destination, made);
    return made;
  }
}

/** The properties by which AWS recognizes a duplicate rule. */
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

/** The path within the stage, so that ids are the same in every stage. */
function idOf(construct: IConstruct): string {
  const stage = Stage.of(construct)?.node.path;
  return stage ? construct.node.path.slice(stage.length + 1) : construct.node.path;
}
