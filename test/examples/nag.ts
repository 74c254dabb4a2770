import type { IConstruct } from 'constructs';
import { type Loaded, stacksOf } from './load';

/** Packs of rules, by their names in cdk-nag. */
export type Pack = 'AwsSolutionsChecks' | 'HIPAASecurityChecks' | 'NIST80053R5Checks' | 'PCIDSS321Checks';

/** A pack of cdk-nag 3, which is a validation plugin; one of cdk-nag 2 is an aspect. */
interface Plugin {
  validateScope(scope: IConstruct): {
    violations: { ruleName: string; description: string; violatingResources: { constructPath: string }[] }[];
  };
}

/** What cdk-nag finds and nobody acknowledged, and every error and warning of the constructs. */
export function findings(loaded: Loaded, ...packs: Pack[]): string[] {
  const made = packs.map(pack => new loaded.nag[pack]());
  const plugins = made.filter((pack): pack is typeof pack & Plugin => 'validateScope' in pack);
  for (const pack of made) if (!plugins.some(plugin => plugin === pack)) loaded.cdk.Aspects.of(loaded.app).add(pack);
  const annotations = stacksOf(loaded).flatMap(stack => {
    const found = loaded.assertions.Annotations.fromStack(stack); // synthesises
    const any = loaded.assertions.Match.anyValue();
    return [...found.findError('*', any), ...found.findWarning('*', any)].map(
      ({ id, entry }) => `${id}: ${entry.data}`,
    );
  });
  const violations = plugins.flatMap(plugin => plugin.validateScope(loaded.app).violations);
  return [
    ...annotations,
    ...violations.flatMap(({ ruleName, description, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${constructPath}: ${ruleName}: ${description}`),
    ),
  ];
}
