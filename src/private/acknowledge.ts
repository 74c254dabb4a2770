import { CfnResource } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';

export interface Acknowledgement {
  /** Rule of cdk-nag, with its pack: `AwsSolutions-RDS11`. */
  readonly rule: string;
  /** The one finding that is meant, for rules that have several: `Resource::*`. */
  readonly finding?: string;
  readonly reason: string;
}

/**
 * Says why a finding of cdk-nag is intended, on the one resource it is about. Both generations read it: cdk-nag 2 from the
 * resource's template metadata, cdk-nag 3 from construct metadata (what `Validations.acknowledge` of newer aws-cdk-lib writes).
 */
export function acknowledge(construct: IConstruct, { rule, finding, reason }: Acknowledgement): void {
  const resource = resourceOf(construct);
  const earlier: object[] = resource.getMetadata('cdk_nag')?.rules_to_suppress ?? [];
  resource.addMetadata('cdk_nag', { rules_to_suppress: [...earlier, { id: rule, reason, ...finding && { applies_to: [finding] } }] });
  resource.node.addMetadata('aws:cdk:acknowledged-rules', { [`Annotation::${rule}${finding ? `[${finding}]` : ''}`]: reason });
}

/** Says that a finding of cfn-lint is intended on this resource; cfn-lint has no place for the reason, so it stands at the call. */
export function acknowledgeLint(construct: IConstruct, ...checks: string[]): void {
  resourceOf(construct).addMetadata('cfn-lint', { config: { ignore_checks: checks } });
}

function resourceOf(construct: IConstruct): CfnResource {
  return CfnResource.isCfnResource(construct) ? construct : construct.node.defaultChild as CfnResource;
}
