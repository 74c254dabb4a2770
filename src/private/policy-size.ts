import { Stack } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';

/** The minimum length of these pseudo parameters once deployed. */
const SHORTEST: Readonly<Record<string, number>> = { 'AWS::AccountId': 12, 'AWS::Partition': 3, 'AWS::Region': 9 };

/** Makes synthesis fail if a policy certainly exceeds the maximum of AWS, whatever its tokens resolve to. */
export function limitPolicySize(scope: IConstruct, what: string, most: number, document: () => unknown): void {
  scope.node.addValidation({
    validate: () => {
      const length = shortestLength(Stack.of(scope).resolve(document()));
      return length > most
        ? [
            `the ${what} has at least ${length} characters, and AWS takes ${most}; name fewer principals, for ` +
              'example a whole account or an organization',
          ]
        : [];
    },
  });
}

/** The minimum length of a resolved value as deployed JSON. */
function shortestLength(value: unknown): number {
  if (Array.isArray(value)) return 1 + value.reduce((sum: number, item) => sum + shortestLength(item) + 1, 0);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value).length;
  const entries = Object.entries(value);
  const [[name, inner] = ['', undefined]] = entries;
  if (name === 'Fn::Join') return shortestJoin(inner as [string, unknown[]]);
  if (name === 'Ref' || name.startsWith('Fn::')) return 2 + (SHORTEST[String(inner)] ?? 0);
  return 1 + entries.reduce((sum, [key, item]) => sum + key.length + 3 + shortestLength(item) + 1, 0);
}

/** The parts of a join share one pair of quotation marks. */
function shortestJoin([separator, parts]: [string, unknown[]]): number {
  return parts.reduce((sum: number, part) => sum + shortestLength(part) - 2, 2 + separator.length * (parts.length - 1));
}
