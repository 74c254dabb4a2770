import { Annotations, Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { IConstruct } from 'constructs';
import { BindingTag } from '../contract';
import { fail } from '../private/errors';

/** Options that limit which secrets a new Secrets Manager endpoint reaches, and which clients may use it. */
export interface SecretsManagerEndpointOptions {
  /**
   * Ids of additional accounts whose secrets the endpoint reaches, for readers that another account has granted access
   * to a secret.
   * @default - only the account of the VPC
   */
  readonly furtherAccounts?: string[];
  /**
   * Whether the endpoint reaches only secrets that this library binds, which have the tag `rotating-postgres:username`,
   * and `furtherSecrets`. Private DNS sends every caller in the VPC through the endpoint, so that requests for other
   * secrets are denied from the whole VPC; synthesis adds a warning.
   * @default false
   */
  readonly onlyBoundSecrets?: boolean;
  /**
   * ARNs, or ARN patterns, of additional secrets that the endpoint reaches with `onlyBoundSecrets`: an existing secret
   * without the tag, a secret that Amazon RDS manages (`arn:aws:secretsmanager:*:*:secret:rds!*`), or a secret of
   * another application in the VPC.
   * @default - none
   */
  readonly furtherSecrets?: string[];
  /**
   * Whether the endpoint admits only security groups that have an ingress rule: those of the functions and of wired
   * consumers, and those that you add with `endpoint.connections`. Requests of all other clients in the VPC time out;
   * synthesis adds a warning.
   * @default false
   */
  readonly onlyAdmittedGroups?: boolean;
}

/** Refuses options that have no effect, are malformed, or need a CIDR block that the imported VPC does not have. */
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
      "'furtherSecrets' of the endpoint for Secrets Manager has no effect, because it reaches every secret " +
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

/** aws-cdk-lib throws for attributes that the VPC was not imported with. */
function knowsCidr(vpc: ec2.IVpc): boolean {
  try {
    return vpc.vpcCidrBlock !== undefined;
  } catch {
    return false;
  }
}

/**
 * The endpoint policy allows any principal and any action, because identity policies and resource policies decide about
 * access. It allows only secrets of the listed accounts, even to a caller with credentials of another account.
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
  // Actions without a resource, such as GetRandomPassword, have no resource account.
  if (!onlyBoundSecrets) return [allow(['*'], { StringEqualsIfExists: accounts })];
  // A condition on a tag, because ARNs would make the VPC's stack depend on every stack with a secret.
  const bound = { Null: { [`aws:ResourceTag/${BindingTag.USERNAME}`]: 'false' } };
  return [
    allow(['*'], { StringEquals: accounts, ...bound }),
    ...(furtherSecrets.length > 0 ? [allow(furtherSecrets, { StringEquals: accounts })] : []),
  ];
}

/** Warns what a limit means for other callers in the VPC. */
export function warnOfLimits(endpoint: IConstruct, options: SecretsManagerEndpointOptions): void {
  const { onlyBoundSecrets, furtherSecrets, onlyAdmittedGroups } = options;
  const everyCaller =
    `every caller of Secrets Manager in this VPC uses '${endpoint.node.path}', because it ` + 'has private DNS';
  if (onlyBoundSecrets) {
    Annotations.of(endpoint).addWarningV2(
      'cdk-rotating-postgres:endpoint-only-bound-secrets',
      `${everyCaller}, and it reaches only secrets that this library ` +
        `binds${furtherSecrets ? " and to 'furtherSecrets'" : ''}. A request for another secret` +
        ' fails with AccessDeniedException, also from other applications, agents, and tasks that start with ' +
        "a secret. Add their secrets to 'furtherSecrets'.",
    );
  }
  if (onlyAdmittedGroups) {
    Annotations.of(endpoint).addWarningV2(
      'cdk-rotating-postgres:endpoint-only-admitted-groups',
      `${everyCaller}, and it admits only security groups with a rule. The requests of all others ` +
        'time out, whichever secret they are for.' +
        " Wire consumers, or admit others with the endpoint's connections.allowDefaultPortFrom().",
    );
  }
}
