import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct, IConstruct } from 'constructs';
import { acknowledge, compliance } from '../private/acknowledge';

interface Pairing {
  readonly from: ec2.ISecurityGroup;
  readonly to: ec2.Connections;
  readonly port: ec2.Port;
  /** Description of the rules, for operators. */
  readonly description: string;
  /** Whether to add an ingress rule to the other side too. */
  readonly ingress: boolean;
}

/**
 * Adds rules between two sides in the caller's scope. A dependency on them then includes only the caller's own rules;
 * `Connections` puts rules into the scope of the other side's security group, together with those of others. The rules
 * are also in the caller's stack, so that the other side's stack never depends on it.
 */
export function allow(scope: IConstruct, id: string, { from, to, port, description, ingress }: Pairing): void {
  // A database without security groups has a peer address, which only its connections know.
  if (to.securityGroups.length === 0) {
    return new ec2.Connections({ securityGroups: [from] }).allowTo(to, port, description);
  }
  const rules = new Construct(scope as Construct, id);
  to.securityGroups.forEach((group, index) => {
    // A group that allows all outbound traffic, CDK's default for consumers, needs no egress rule.
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
