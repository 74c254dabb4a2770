import { Lazy, Names, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, IConstruct } from 'constructs';
import { INLINE } from './function-role';
import { acknowledge, compliance } from '../private/acknowledge';
import { deployedLength } from '../private/deployed-length';
import { SecretUse, statements } from '../private/secret-access';
import { WRITERS } from '../private/secret-roles';
import { waitsFor } from '../private/waits-for';

const ID = 'SecretAccess';
/** The IAM quota for all inline policies of a role together, in characters without white space. */
const QUOTA = 10_240;
/** The part of the quota that is reserved for the function's own policy and for statements of the app. */
const RESERVED = 1_200;

const policiesOf = new WeakMap<IConstruct, SecretAccessPolicy[]>();

/**
 * The permissions of a role of this library on secrets: one policy per role and stack, whose statements list exactly
 * these secrets. One policy per secret would repeat the actions and exceed the IAM quota sooner.
 *
 * The policy is in the stack of the secrets, so that the stack of a shared function does not depend on theirs.
 */
export class SecretAccessPolicy extends Construct {
  /** The policy of the role in the stack of this construct. */
  public static of(scope: IConstruct, role: iam.IRole): SecretAccessPolicy {
    const stack = Stack.of(scope);
    const besideRole = Stack.of(role) === stack;
    const owner = besideRole ? role.node.scope! : stack;
    const id = besideRole ? ID : `${Names.nodeUniqueId(role.node)}${ID}`;
    return (
      (owner.node.tryFindChild(id) as SecretAccessPolicy | undefined) ??
      new SecretAccessPolicy(owner as Construct, id, role)
    );
  }

  private readonly uses = new Map<SecretUse, Set<secretsmanager.ISecret>>();
  private readonly others: iam.PolicyStatement[] = [];

  private constructor(
    scope: Construct,
    id: string,
    private readonly role: iam.IRole,
  ) {
    super(scope, id);
    const policy = new iam.CfnPolicy(this, 'Resource', {
      policyName: Names.uniqueResourceName(this, { maxLength: 128 }),
      policyDocument: Lazy.any({ produce: () => new iam.PolicyDocument({ statements: this.statements() }) }),
      roles: [role.roleName],
    });
    acknowledge(policy, { rules: compliance('IAMNoInlinePolicy'), reason: INLINE });
    const all = policiesOf.get(role) ?? [];
    policiesOf.set(role, [...all, this]);
    if (all.length === 0) role.node.addValidation({ validate: () => overQuota(role) });
    this.node.addValidation({ validate: () => this.cycles() });
  }

  /** Allows this use of the secret, and the corresponding use of its key. */
  public allow(secret: secretsmanager.ISecret, use: SecretUse): void {
    const secrets = this.uses.get(use) ?? new Set();
    this.uses.set(use, secrets.add(secret));
    if (use.actions.includes('secretsmanager:PutSecretValue')) WRITERS.add(secret, this.role);
  }

  /** Adds a statement that is not about a secret. */
  public add(statement: iam.PolicyStatement): void {
    this.others.push(statement);
  }

  /** The maximum length of the deployed policy, in characters. */
  public get length(): number {
    return deployedLength(JSON.stringify(new iam.PolicyDocument({ statements: this.statements() }).toJSON()));
  }

  private statements(): iam.PolicyStatement[] {
    const single = [...this.uses]
      .flatMap(([use, secrets]) =>
        [...secrets].filter(secret => !this.isIncluded(use, secret)).flatMap(secret => statements(secret, use)),
      )
      .filter(({ actions }) => actions.length > 0); // a use that needs no key has no key actions
    return [...merged(single), ...merged(this.others)];
  }

  /**
   * Finds cycles: CloudFormation refuses a template in which a secret waits for a resource that waits for the policy
   * that names the secret.
   */
  private cycles(): string[] {
    const secrets = new Set([...this.uses.values()].flatMap(all => [...all]));
    return [...secrets]
      .filter(secret => Stack.of(secret) === Stack.of(this) && waitsFor(secret, this))
      .map(
        secret =>
          `it names the secret '${secret.node.path}', which depends, directly or through its scope, ` +
          'on a construct that depends on this policy;' +
          ' let only the user in the database wait, by DatabaseUser.createAfter(…) instead of node.addDependency(…),' +
          ' and give databases of which one depends on the other a RotationFunction each',
      );
  }

  /** Whether another use of the secret includes all actions of this one. */
  private isIncluded(use: SecretUse, secret: secretsmanager.ISecret): boolean {
    return [...this.uses].some(
      ([other, secrets]) =>
        other.actions.length > use.actions.length &&
        secrets.has(secret) &&
        use.actions.every(action => other.actions.includes(action)) &&
        use.keyActions.every(action => other.keyActions.includes(action)),
    );
  }
}

const CONTEXT = 'kms:EncryptionContext:SecretARN';

/**
 * Merges statements that differ only in resource and secret. The merged statement allows each of the keys for each of
 * the secrets. That is not more access, because Secrets Manager uses a secret with its own key only.
 */
function merged(single: iam.PolicyStatement[]): iam.PolicyStatement[] {
  const groups = new Map<
    string,
    { readonly sample: iam.PolicyStatement; readonly resources: Set<string>; readonly secrets: Set<string> }
  >();
  for (const statement of single) {
    const operator = operatorOf(statement);
    const key = JSON.stringify([statement.actions, operator, withSecrets(statement.conditions, operator, undefined)]);
    const group = groups.get(key) ?? { sample: statement, resources: new Set(), secrets: new Set() };
    groups.set(key, group);
    statement.resources.forEach(resource => group.resources.add(resource));
    if (operator) group.secrets.add(statement.conditions[operator][CONTEXT]);
  }
  return [...groups.values()].map(
    ({ sample, resources, secrets }) =>
      new iam.PolicyStatement({
        actions: sample.actions,
        resources: [...resources],
        conditions: withSecrets(sample.conditions, operatorOf(sample), oneOrAll([...secrets])),
      }),
  );
}

type Conditions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function operatorOf({ conditions }: { readonly conditions: Conditions }): string | undefined {
  return Object.keys(conditions).find(operator => CONTEXT in conditions[operator]);
}

function withSecrets(
  conditions: Conditions,
  operator: string | undefined,
  secrets: string | string[] | undefined,
): Conditions {
  return operator === undefined
    ? conditions
    : { ...conditions, [operator]: { ...conditions[operator], [CONTEXT]: secrets } };
}

function oneOrAll(values: string[]): string | string[] {
  return values.length === 1 ? values[0] : values;
}

function overQuota(role: iam.IRole): string[] {
  const policies = policiesOf.get(role) ?? [];
  const length = policies.reduce((sum, policy) => sum + policy.length, 0);
  if (length <= QUOTA - RESERVED) return [];
  return [
    `its function serves too many secrets: the policies that allow it to have up to ${length} ` +
      `characters in all, and IAM takes ${QUOTA} of a role,` +
      ` of which ${RESERVED} are kept for the function itself; serve some of the databases or users by ` +
      'another RotationFunction' +
      ' (DatabaseUserProvider, RevocationFunction) or in another stack, and let their secrets share a key',
  ];
}
