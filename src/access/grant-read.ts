import { Resource, Stack, Token, TokenComparison } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, IConstruct } from 'constructs';
import { ReadOptions } from './read-options';
import { SecretGuard } from './secret-guard';
import { acknowledge } from '../private/acknowledge';
import { fail } from '../private/errors';
import { limitPolicySize } from '../private/policy-size';
import { anyKey, grantKey, isElsewhere, namedArn, nameOf, READ, SecretTarget, through } from '../private/secret-access';

/** A secret, or its replica in another Region, for which read access is granted. */
export interface Readable {
  /** The construct that errors name. */
  readonly scope: IConstruct;
  /** The secret. For a replica, the primary secret, whose resource policy Secrets Manager replicates. */
  readonly secret: secretsmanager.ISecret;
  readonly encryptionKey: kms.IKey;
  /** The secret or replica, as a policy of the grantee names it. */
  target(grantee: iam.IGrantable): SecretTarget;
}

/** Allows the grantee to read this secret, and to decrypt with its key for this secret only. */
export function grantRead(readable: Readable, grantee: iam.IGrantable, options: ReadOptions = {}): iam.Grant {
  if (options.stages?.length === 0) {
    fail(readable.scope, "'stages' is empty, so that nothing could be read; name labels, or leave it out");
  }
  return isForeign(readable.scope, grantee.grantPrincipal)
    ? fromElsewhere(readable, grantee, options)
    : byIdentity(readable, grantee, options);
}

/**
 * Whether the principal belongs to another account, or is known to the app only by name (an account or an
 * organization).
 */
function isForeign(scope: IConstruct, principal: iam.IPrincipal): boolean {
  if (principal instanceof iam.PrincipalBase) return true;
  // An account that is a token counts as the same account, as in aws-cdk-lib.
  return (
    Token.compareStrings(Stack.of(scope).account, principal.principalAccount ?? '') === TokenComparison.DIFFERENT &&
    principal.principalAccount !== undefined
  );
}

function byIdentity({ scope, secret, target }: Readable, grantee: iam.IGrantable, options: ReadOptions): iam.Grant {
  if (isElsewhere(secret, grantee) && Resource.isOwnedResource(secret) && nameOf(secret) === undefined) {
    fail(
      scope,
      "'grantee' is in another account or Region, whose policies know the secret by its name only; give " +
        "it one by 'naming'",
    );
  }
  const named = target(grantee);
  const grants = readings(options).map(reading =>
    iam.Grant.addToPrincipal({ ...reading, grantee, resourceArns: [named.arn] }),
  );
  if (named.keyArn) grants.push(grantKey(named, named.keyArn, READ, grantee));
  acknowledgeAnyKey(secret, named, grantee);
  return grants.reduce((all, one) => all.combine(one));
}

interface Reading {
  readonly actions: string[];
  readonly conditions?: Record<string, Record<string, string[]>>;
}

/** DescribeSecret applies to the secret as a whole, so that a condition on staging labels would deny it. */
function readings({ stages }: ReadOptions): Reading[] {
  if (!stages) return [{ actions: READ.actions }];
  return [
    { actions: ['secretsmanager:DescribeSecret'] },
    {
      actions: ['secretsmanager:GetSecretValue'],
      conditions: { 'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': stages } },
    },
  ];
}

/**
 * The resource policy of the secret and the key policy must allow the reader. The reader's own policy, which its
 * account writes, must allow it too.
 */
function fromElsewhere(readable: Readable, grantee: iam.IGrantable, options: ReadOptions): iam.Grant {
  const { scope, secret } = readable;
  const guard =
    SecretGuard._of(secret) ??
    fail(
      scope,
      `'grantee' is not of this account, and the policy of the secret (${secret.node.path}) is not made ` +
        'in this app; allow it where that is made',
    );
  const principal = admitted(scope, grantee.grantPrincipal);
  admitToKey(readable, principal, options);
  const onSecret = readings(options)
    .map(reading =>
      guard._allow(grantee, new iam.PolicyStatement({ ...reading, principals: [principal], resources: ['*'] })),
    )
    .reduce((all, one) => all.combine(one));
  const { grantPrincipal } = grantee;
  // The app can also write the policy of a role that it creates in the other account.
  const isOurs = Construct.isConstruct(grantPrincipal) && Resource.isOwnedResource(grantPrincipal);
  return isOurs ? onSecret.combine(byIdentity(readable, grantee, options)) : onSecret;
}

/** Records for cdk-nag why a policy in another environment has a wildcard. */
function acknowledgeAnyKey(
  secret: secretsmanager.ISecret,
  { region, keyArn }: SecretTarget,
  { grantPrincipal }: iam.IGrantable,
): void {
  const policy = Construct.isConstruct(grantPrincipal) && grantPrincipal.node.tryFindChild('DefaultPolicy');
  if (!policy || keyArn !== anyKey(secret, region)) return;
  acknowledge(policy, {
    rules: ['AwsSolutions-IAM5'],
    finding: `Resource::arn:<AWS::Partition>:kms:${region}:${Stack.of(secret).account}:key/*`,
    reason:
      'The id of a key in another environment is unknown at synthesis; the condition on the ARN of the ' +
      'secret leaves the one key of that secret.',
  });
}

/** The principal, in the form for resource policies of this account. */
function admitted(scope: IConstruct, principal: iam.IPrincipal): iam.IPrincipal {
  const { principalAccount } = principal;
  // AWS refuses a resource policy that names a role which does not exist yet, and a role that is deleted and created
  // again is another principal. A condition on the ARN has neither problem.
  if (isRole(principal) && principalAccount) {
    return new iam.AccountPrincipal(principalAccount).withConditions({
      ArnEquals: { 'aws:PrincipalArn': principal.roleArn },
    });
  }
  const { principalJson, conditions } = principal.policyFragment;
  if (!principalJson.AWS) {
    fail(
      scope,
      `'grantee' is a principal of the kind ${Object.keys(principalJson)}; name the role that the service ` +
        'or person has',
    );
  }
  if (principalJson.AWS.includes('*') && Object.keys(conditions).length === 0) {
    fail(
      scope,
      "'grantee' is everyone; name a role, an account (AccountPrincipal) or an organization (OrganizationPrincipal)",
    );
  }
  return principal;
}

function isRole(principal: iam.IPrincipal): principal is iam.IRole {
  return 'roleArn' in principal;
}

/** The maximum size of a key policy in KMS, in bytes. */
const LONGEST_KEY_POLICY = 32 * 1024;
const watched = new WeakSet<IConstruct>();

function admitToKey(
  { scope, secret, encryptionKey, target }: Readable,
  principal: iam.IPrincipal,
  { keyAdmitsReader }: ReadOptions,
): void {
  if (/alias\/aws\//.test(encryptionKey.keyArn)) {
    fail(
      scope,
      "'grantee' is not of this account, and cannot use the key that AWS manages for the secrets of one; " +
        "give the secret an 'encryptionKey'",
    );
  }
  const { region } = target({ grantPrincipal: principal });
  const statement = new iam.PolicyStatement({
    principals: [principal],
    actions: READ.keyActions,
    resources: ['*'],
    conditions: {
      StringEquals: through('secretsmanager', region),
      // The ARN of a secret that CloudFormation names would make a cycle. Then only the secret's own policy limits its
      // readers.
      ...(nameOf(secret) && { StringLike: { 'kms:EncryptionContext:SecretARN': namedArn(secret, region) } }),
    },
  });
  if (encryptionKey.addToResourcePolicy(statement).statementAdded) return limitKeyPolicy(encryptionKey);
  if (keyAdmitsReader) return;
  fail(
    scope,
    `'grantee' is not of this account, and the policy of the key (${encryptionKey.node.path}) is not ` +
      'made in this app;' +
      ` add ${JSON.stringify(Stack.of(scope).resolve(statement.toStatementJson()))} to it and set ` +
      "'keyAdmitsReader', or give the secret another 'encryptionKey'",
  );
}

function limitKeyPolicy(key: kms.IKey): void {
  const resource = key.node.defaultChild;
  if (!(resource instanceof kms.CfnKey) || watched.has(key)) return;
  watched.add(key);
  limitPolicySize(key, 'policy of the key', LONGEST_KEY_POLICY, () => resource.keyPolicy);
}
