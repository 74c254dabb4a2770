import { CfnResource } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';

/** The cfn-lint rule for a dependency that a reference already implies. */
export const REDUNDANT_DEPENDENCY = 'W3005';

export interface Acknowledgement {
  /** Rules of cdk-nag with their pack (`AwsSolutions-RDS11`), and of checkov (`CKV_AWS_117`). */
  readonly rules: string[];
  /** The finding to acknowledge, for cdk-nag rules with several findings: `Resource::*`. */
  readonly finding?: string;
  readonly reason: string;
}

/**
 * Records on a resource why findings of cdk-nag and checkov are intended. cdk-nag 2 reads the resource's template
 * metadata. cdk-nag 3 reads construct metadata, which `Validations.acknowledge` of newer aws-cdk-lib versions writes.
 */
export function acknowledge(construct: IConstruct, { rules, finding, reason }: Acknowledgement): void {
  const resource = resourceOf(construct);
  const [checkov, nag] = [rules.filter(isCheckov), rules.filter(rule => !isCheckov(rule))];
  if (checkov.length > 0) {
    extend(
      resource,
      'checkov',
      'skip',
      checkov.map(id => ({ id, comment: reason })),
    );
  }
  if (nag.length === 0) return;
  extend(
    resource,
    'cdk_nag',
    'rules_to_suppress',
    nag.map(id => ({ id, reason, ...(finding && { applies_to: [finding] }) })),
  );
  const acknowledged = nag.map(rule => [`Annotation::${rule}${finding ? `[${finding}]` : ''}`, reason]);
  resource.node.addMetadata('aws:cdk:acknowledged-rules', Object.fromEntries(acknowledged));
}

/** The rules' names in the cdk-nag packs for HIPAA, NIST 800-53 R5 and PCI DSS, which have many rules in common. */
export function compliance(...rules: string[]): string[] {
  return rules.flatMap(rule => ['HIPAA.Security', 'NIST.800.53.R5', 'PCI.DSS.321'].map(pack => `${pack}-${rule}`));
}

/**
 * Ignores a cfn-lint rule on a resource. cfn-lint has no field for the reason, which is therefore in a comment at the
 * call.
 */
export function acknowledgeLint(construct: IConstruct, ...checks: string[]): void {
  resourceOf(construct).addMetadata('cfn-lint', { config: { ignore_checks: checks } });
}

function isCheckov(rule: string): boolean {
  return rule.startsWith('CKV_');
}

function extend(resource: CfnResource, tool: string, list: string, entries: object[]): void {
  resource.addMetadata(tool, { [list]: [...(resource.getMetadata(tool)?.[list] ?? []), ...entries] });
}

function resourceOf(construct: IConstruct): CfnResource {
  return CfnResource.isCfnResource(construct) ? construct : (construct.node.defaultChild as CfnResource);
}
