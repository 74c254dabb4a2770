import { Annotations, Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { IConstruct } from 'constructs';
import { BindingTag } from '../contract';
import { fail } from '../private/errors';

/** Where a new endpoint for Secrets Manager leads, and who comes through it. */
export interface SecretsManagerEndpointOptions {
  /**
   * Ids of further accounts whose secrets may be reached, for readers that another account has granted a secret.
   * @default - the account of the VPC alone
   */
  readonly furtherAccounts?: string[];
  /**
   * Whether the endpoint leads only to secrets that this library binds, which it knows by their tag
   * `rotating-postgres:username`. Private DNS sends every caller in the VPC this way, so that all others are then
   * denied each other secret: a warning says so.
   * @default false
   */
  readonly onlyBoundSecrets?: boolean;
  /**
   * ARNs, or patterns of ARNs, of what `onlyBoundSecrets` leads to as well: an adopted secret without the tag, one that
   * Amazon RDS manages (`arn:aws:secretsmanager:*:*:secret:rds!*`), one of another application in the VPC.
   * @default - none
   */
  readonly furtherSecrets?: string[];
  /**
   * Whether the endpoint admits only security groups that were admitted: those of the functions and of wired consumers,
   * and whom `endpoint.connections` allows. Calls of all others in the VPC time out: a warning says so.
   * @default false
   */
  readonly onlyAdmittedGroups?: boolean;
}

/** Refuses options that have no effect, no meaning, or ask for what is not known of the VPC. */
export function checkOptions(vpc: ec2.IVpc, options: SecretsManagerEndpointOptions): void {
  const { furtherAccounts = [], furtherSecrets, onlyBoundSecrets, onlyAdmittedGroups } = options;
  if (!onlyAdmittedGroups && !knowsCidr(vpc)) {
    fail(
      vpc,
      "the VPC was imported without 'vpcCidrBlock', from which an endpoint for Secrets Manager is " +
        'reached; import it with that, or set' +
        " 'onlyAdmittedGroups' of SecretsManagerEndpoint.forVpc",
    );
  }
  if (furtherSecrets && !onlyBoundSecrets) {
    fail(
      vpc,
      "'furtherSecrets' of the endpoint for Secrets Manager has no effect, for it leads to every secret " +
        'of the account; leave it out, or' +
        " set 'onlyBoundSecrets'",
    );
  }
  const noAccount = furtherAccounts.find(account => !Token.isUnresolved(account) && !/^\d{12}$/.test(account));
  if (noAccount !== undefined) {
    fail(vpc, `'furtherAccounts' has '${noAccount}'; write the 12 digits of an account's id`);
  }
  const noArn = (furtherSecrets ?? []).find(
    arn => !Token.isUnresolved(arn) && !/^arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:./.test(arn),
  );
  if (noArn !== undefined) {
    fail(
      vpc,
      `'furtherSecrets' has '${noArn}'; write an ARN or a pattern of ARNs, such as ` +
        'arn:aws:secretsmanager:*:*:secret:prod/*',
    );
  }
}

/** aws-cdk-lib throws for what an import has left out. */
function knowsCidr(vpc: ec2.IVpc): boolean {
  try {
    return vpc.vpcCidrBlock !== undefined;
  } catch {
    return false;
  }
}

/**
 * Any principal and any action: who may do what, identity policies and the secrets' own say. But no secret of an
 * account that is not named: not even with credentials of that account.
 */
export function endpointStatements(
  endpoint: IConstruct,
  options: SecretsManagerEndpointOptions,
): iam.PolicyStatement[] {
  const { furtherAccounts = [], furtherSecrets = [], onlyBoundSecrets } = options;
  const { account } = Stack.of(endpoint);
  const accounts = { 'aws:ResourceAccount': furtherAccounts.length > 0 ? [account, ...furtherAccounts] : account };
  const allow = (resources: string[], conditions: Record<string, unknown>) =>
    new iam.PolicyStatement({
      principals: [new iam.AnyPrincipal()],
      actions: ['secretsmanager:*'],
      resources,
      conditions,
    });
  // GetRandomPassword and the like have no resource and so no resource account.
  if (!onlyBoundSecrets) return [allow(['*'], { StringEqualsIfExists: accounts })];
  // By a tag rather than by ARNs: those would make the VPC's stack depend on every stack with a secret.
  const bound = { Null: { [`aws:ResourceTag/${BindingTag.USERNAME}`]: 'false' } };
  return [
    allow(['*'], { StringEquals: accounts, ...bound }),
    ...(furtherSecrets.length > 0 ? [allow(furtherSecrets, { StringEquals: accounts })] : []),
  ];
}

/** Says what a limit means to those who did not ask for it. */
export function warnOfLimits(endpoint: IConstruct, options: SecretsManagerEndpointOptions): void {
  const { onlyBoundSecrets, furtherSecrets, onlyAdmittedGroups } = options;
  const everyCaller =
    `every caller of Secrets Manager in this VPC comes through '${endpoint.node.path}', for it ` + 'has private DNS';
  if (onlyBoundSecrets) {
    Annotations.of(endpoint).addWarningV2(
      'cdk-rotating-postgres:endpoint-only-bound-secrets',
      `${everyCaller}, and it leads only to secrets that this library ` +
        `binds${furtherSecrets ? " and to 'furtherSecrets'" : ''}. Whoever reads another one` +
        ' gets AccessDeniedException: other applications, agents, tasks that start with a secret. Name ' +
        "theirs in 'furtherSecrets'.",
    );
  }
  if (onlyAdmittedGroups) {
    Annotations.of(endpoint).addWarningV2(
      'cdk-rotating-postgres:endpoint-only-admitted-groups',
      `${everyCaller}, and it admits only security groups that were admitted. The calls of all others ` +
        'time out, whichever secret they are about.' +
        " Wire consumers, or admit others by the endpoint's connections.allowDefaultPortFrom().",
    );
  }
}
