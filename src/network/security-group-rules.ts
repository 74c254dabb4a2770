import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct, IConstruct } from 'constructs';
import { acknowledge, compliance } from '../private/acknowledge';

interface Pairing {
  readonly from: ec2.ISecurityGroup;
  readonly to: ec2.Connections;
  readonly port: ec2.Port;
  /** What the rules are for, as an operator reads it. */
  readonly description: string;
  /** Whether the other side must be told as well. */
  readonly ingress: boolean;
}

/**
 * Pairs two sides with rules that belong to the caller's scope, so that a caller can be waited for together with its
 * rules and nobody else's: `Connections` puts a rule under the other side's group, where it mixes with those of
 * strangers. It also keeps them in the caller's stack, so that the other side's stack never depends on it.
 */
export function allow(scope: IConstruct, id: string, { from, to, port, description, ingress }: Pairing): void {
  // A database on premises has an address instead, as the peer of its connections, which only these know.
  if (to.securityGroups.length === 0) {
    return new ec2.Connections({ securityGroups: [from] }).allowTo(to, port, description);
  }
  const rules = new Construct(scope as Construct, id);
  to.securityGroups.forEach((group, index) => {
    // A group that lets everything out, as CDK makes a consumer's, says so already.
    if (!from.allowAllOutbound) {
      new ec2.CfnSecurityGroupEgress(rules, `Egress${index || ''}`, {
        groupId: from.securityGroupId,
        destinationSecurityGroupId: group.securityGroupId,
        description,
        ...port.toRuleJson(),
      });
    }
    if (!ingress) return;
    const admission = new ec2.CfnSecurityGroupIngress(rules, `Ingress${index || ''}`, {
      groupId: group.securityGroupId,
      sourceSecurityGroupId: from.securityGroupId,
      description,
      ...port.toRuleJson(),
    });
    acknowledge(admission, {
      rules: compliance('EC2RestrictedCommonPorts', 'EC2RestrictedSSH'),
      reason: 'The rule admits one security group on one port, whose number the deployment may know only.',
    });
  });
}
