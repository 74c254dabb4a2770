import { type App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { examples } from '../../../scripts/examples';
import { resourcesOf } from '../support/stacks';

interface Statement {
  readonly Effect: string;
  readonly Resource?: unknown;
}
interface Document {
  readonly Statement: readonly Statement[];
}

/** Policies of resources, in which `*` is no more than the resource itself. */
const OF_RESOURCES: Readonly<Record<string, { readonly property: string; readonly reason: string }>> = {
  'AWS::KMS::Key': { property: 'KeyPolicy', reason: 'in a key policy it means this key' },
  'AWS::SecretsManager::ResourcePolicy': {
    property: 'ResourcePolicy',
    reason: "in a secret's policy it means this secret",
  },
  'AWS::EC2::VPCEndpoint': {
    property: 'PolicyDocument',
    reason:
      'the endpoint serves every caller of Secrets Manager in the VPC; a condition leaves the secrets of this account',
  },
};

/** The identity policies of a resource. */
function documentsOf(type: string, properties: Record<string, unknown>): Document[] {
  if (type === 'AWS::IAM::Role') {
    return ((properties.Policies as { PolicyDocument: Document }[]) ?? []).map(policy => policy.PolicyDocument);
  }
  return type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy'
    ? [properties.PolicyDocument as Document]
    : [];
}

/** A resource as text: what only deployment knows has no wildcard. */
function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  const [separator, parts] = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'] ?? ['', []];
  return parts.map(part => (typeof part === 'string' ? part : '<…>')).join(separator);
}

interface Reason {
  readonly id: string;
  readonly reason: string;
  readonly applies_to?: readonly string[];
}
interface Acknowledged {
  readonly cdk_nag?: { readonly rules_to_suppress: readonly Reason[] };
}

/** Whether somebody wrote on the resource why it has this wildcard. */
function hasReason({ cdk_nag: nag }: Acknowledged, resource: string): boolean {
  return (nag?.rules_to_suppress ?? []).some(
    ({ id, reason, applies_to: findings }) =>
      id === 'AwsSolutions-IAM5' &&
      reason.length > 20 &&
      (findings ?? []).some(
        finding =>
          finding.startsWith('Resource::') && asText(finding).replace(/<[^>]*>/g, '<…>') === `Resource::${resource}`,
      ),
  );
}

describe.each(examples())('in the example %s', example => {
  const { app } = jest.requireActual<{ app: App }>(`../../../examples/${example}/app`);
  const stacks = app.node.findAll().filter(construct => Stack.isStack(construct));
  const resources = stacks.flatMap(stack =>
    Object.entries(resourcesOf(Template.fromStack(stack)) ?? {}).map(([id, resource]) => ({
      ...resource,
      id: `${stack.node.path}/${id}`,
    })),
  );

  test('no policy allows something on `*` without a written reason', () => {
    const allowed = resources.flatMap(({ id, Type, Properties, ...others }) =>
      documentsOf(Type, Properties ?? {})
        .flatMap(document => document.Statement)
        .filter(({ Effect }) => Effect === 'Allow')
        .flatMap(({ Resource }) =>
          [Resource]
            .flat()
            .map(asText)
            .filter(text => text.includes('*')),
        )
        .filter(text => !hasReason((others as { Metadata?: Acknowledged }).Metadata ?? {}, text))
        .map(text => `${id}: ${text}`),
    );
    expect(allowed).toEqual([]);
  });

  test('each other policy with `*` is one where it means a single resource, or has a reason here', () => {
    const unknown = resources.filter(
      ({ Type, Properties = {} }) =>
        documentsOf(Type, Properties).length === 0 &&
        JSON.stringify(Object.entries(Properties).filter(([name]) => name !== OF_RESOURCES[Type]?.property)).includes(
          '"Resource":"*"',
        ),
    );
    expect(unknown.map(({ id }) => id)).toEqual([]);
  });
});
