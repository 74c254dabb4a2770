import { Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, IConstruct } from 'constructs';
import { VpcFunction } from '../function/vpc-function';
import { SecretsManagerEndpoint } from '../network/secrets-manager-endpoint';
import { fail } from '../private/errors';
import { limitPolicySize } from '../private/policy-size';
import { READERS_FROM_OUTSIDE, unattached, WRITERS } from '../private/secret-roles';

/** Options that say which principals may write a secret, in addition to the functions that rotate it. */
export interface SecretGuardOptions {
  /**
   * Whether to deny all other principals to write the secret, move its staging labels, rotate, tag, replicate or delete
   * it, and change its resource policy, whatever their own policies allow.
   * @default true
   */
  readonly denyWriting?: boolean;
  /**
   * Break-glass roles, which may write the secret to repair it by the runbook. Their own policies must allow it too.
   * @default - none; only the account's root user is exempt
   */
  readonly breakGlassRoles?: iam.IRole[];
  /**
   * Roles allowed to deploy, in this account: the CloudFormation execution role, or the caller's role if there is none.
   * @default - the CloudFormation execution role of `cdk bootstrap`, and every request that CloudFormation makes
   */
  readonly deploymentRoles?: iam.IRole[];
}

/** Properties of a `SecretGuard`. */
export interface SecretGuardProps extends SecretGuardOptions {
  /** The secret. It must be created in this app, because the policy of an imported secret must not be replaced. */
  readonly secret: secretsmanager.Secret;
}

/** Options of `SecretGuard.denyReadsOutsideEndpoint`. */
export interface EndpointOnlyOptions {
  /**
   * Ids of additional interface endpoints for Secrets Manager (`vpce-…`) that may read the secret: those of consumers
   * in other VPCs and in the Regions of replicas, which have the same policy.
   * @default - only the endpoints of the functions that write the secret
   */
  readonly furtherEndpointIds?: string[];
  /**
   * Roles that may read the secret without these endpoints: administrators, and the role of an RDS Proxy made elsewhere
   * that uses this secret, because RDS Proxy reads secrets with its own role and not on behalf of a caller. A
   * `DatabaseProxy` is exempt automatically.
   * @default - none
   */
  readonly exceptRoles?: iam.IRole[];
}

/**
 * Every action that changes a secret, its staging labels, its tags (the binding), its replicas or its resource policy.
 */
const WRITING = [
  'CancelRotateSecret',
  'DeleteResourcePolicy',
  'DeleteSecret',
  'PutResourcePolicy',
  'PutSecretValue',
  'RemoveRegionsFromReplication',
  'ReplicateSecretToRegions',
  'RestoreSecret',
  'RotateSecret',
  'StopReplicationToReplica',
  'TagResource',
  'UntagResource',
  'UpdateSecret',
  'UpdateSecretVersionStage',
].map(action => `secretsmanager:${action}`);

/** The maximum length of a resource policy in Secrets Manager, in characters. */
const LONGEST_POLICY = 20_480;

const guards = new WeakMap<IConstruct, SecretGuard>();

/**
 * The resource policy of a secret. It denies write access to consumers and to any other principal whose identity policy
 * is too broad.
 *
 * An explicit deny overrides every other policy. Exempt are the functions of this library that write the secret,
 * deployments, break-glass roles, AWS services, and the account's root user, which can correct a mistake in the policy.
 * A secret has one resource policy: statements that `grantRead` for another account or the secret's own
 * `addToResourcePolicy` add go into the same policy.
 */
export class SecretGuard extends Construct {
  /**
   * The guard of a secret, also if the secret is given as its attachment to a database.
   *
   * @internal
   */
  public static _of(secret: secretsmanager.ISecret): SecretGuard | undefined {
    return guards.get(unattached(secret));
  }

  private readonly secret: secretsmanager.Secret;
  private readonly options: SecretGuardOptions;
  private endpointOnly = false;
  private readByOthers = false;

  constructor(scope: Construct, id: string, props: SecretGuardProps) {
    super(scope, id);
    this.secret = props.secret;
    this.options = props;
    if (guards.has(this.secret)) {
      fail(this, `'secret' (${this.secret.node.path}) has a guard; it has one policy, and so one guard`);
    }
    guards.set(this.secret, this);
    if (props.deploymentRoles?.length === 0) {
      fail(this, "'deploymentRoles' is empty, so that nothing could be deployed any more; name roles, or leave it out");
    }
    if (props.denyWriting ?? true) {
      this.deny('WritingByOthers', WRITING, {
        ArnNotLike: {
          'aws:PrincipalArn': Lazy.uncachedList({
            produce: () => [...arnsOf(WRITERS.of(this.secret)), ...this.exempt()],
          }),
        },
        // Also true for a request without `aws:CalledVia`. CloudFormation sets the key also when it uses a service
        // role.
        ...(props.deploymentRoles
          ? {}
          : { 'ForAllValues:StringNotEquals': { 'aws:CalledVia': ['cloudformation.amazonaws.com'] } }),
        BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
      });
    }
    this.node.addValidation({ validate: () => this.unreachable() });
  }

  /**
   * Denies reading the value except through the VPC endpoint that the functions which write this secret use. Exempt are
   * AWS services that read on behalf of a caller (CloudFormation), the deployment roles, break-glass roles, the
   * account's root user and `exceptRoles`.
   *
   * Synthesis fails if the endpoint of such a function is not known to this app, or if another account or an
   * organization reads the secret, because these use endpoints of their own. The admin secret cannot have this limit.
   */
  public denyReadsOutsideEndpoint(options: EndpointOnlyOptions = {}): void {
    if (this.endpointOnly) {
      fail(
        this,
        'reads outside the endpoint are denied already; call denyReadsOutsideEndpoint once, with all its options',
      );
    }
    if (this.readByOthers) this.refuseBoth();
    this.endpointOnly = true;
    const endpoints = () => WRITERS.of(this.secret).flatMap(role => endpointOf(role)?.endpoint.vpcEndpointId ?? []);
    this.deny('ReadsOutsideEndpoint', ['secretsmanager:GetSecretValue'], {
      StringNotEquals: {
        'aws:SourceVpce': Lazy.uncachedList({
          produce: () => [...new Set([...endpoints(), ...(options.furtherEndpointIds ?? [])])],
        }),
      },
      ArnNotLike: {
        'aws:PrincipalArn': Lazy.uncachedList({
          produce: () => [
            ...this.exempt(),
            ...arnsOf([...READERS_FROM_OUTSIDE.of(this.secret), ...(options.exceptRoles ?? [])]),
          ],
        }),
      },
      BoolIfExists: { 'aws:ViaAWSService': 'false', 'aws:PrincipalIsAWSService': 'false' },
    });
  }

  /**
   * Allows actions to a principal that no identity policy of this account reaches.
   *
   * @internal
   */
  public _allow(grantee: iam.IGrantable, statement: iam.PolicyStatement): iam.Grant {
    if (this.endpointOnly) this.refuseBoth();
    this.readByOthers = true;
    const { actions } = statement;
    const granted = iam.Grant.addStatementToResourcePolicy({
      grantee,
      actions,
      resourceArns: ['*'],
      resource: this.secret,
      statement,
    });
    this.watch();
    return granted;
  }

  private deny(sid: string, actions: string[], conditions: Record<string, unknown>): void {
    this.secret.addToResourcePolicy(
      new iam.PolicyStatement({
        sid,
        effect: iam.Effect.DENY,
        principals: [new iam.StarPrincipal()],
        actions,
        resources: ['*'],
        conditions,
      }),
    );
    this.watch();
  }

  /** Runs after each statement, because the first statement creates the policy. */
  private watch(): void {
    const policy = this.secret.node.findChild('Policy').node.defaultChild as secretsmanager.CfnResourcePolicy;
    if (policy.blockPublicPolicy !== undefined) return;
    // Makes Secrets Manager refuse a policy for everyone. AWS does not document that it then allows an organization.
    policy.blockPublicPolicy = Lazy.any({ produce: () => (this.readByOthers ? undefined : true) });
    limitPolicySize(this.secret, 'policy of the secret', LONGEST_POLICY, () => policy.resourcePolicy);
  }

  private exempt(): string[] {
    const { partition, account, region } = Stack.of(this);
    const iamArn = (resource: string) => `arn:${partition}:iam::${account}:${resource}`;
    const { breakGlassRoles = [], deploymentRoles } = this.options;
    return [
      ...(deploymentRoles ? arnsOf(deploymentRoles) : [iamArn(`role/cdk-*-cfn-exec-role-${account}-${region}`)]),
      ...arnsOf(breakGlassRoles),
      iamArn('root'),
    ];
  }

  private unreachable(): string[] {
    const without = WRITERS.of(this.secret).find(role => !endpointOf(role));
    return this.endpointOnly && without
      ? [
          `reads outside the endpoint are denied, and ${without.node.path} writes this secret from a VPC ` +
            'whose endpoint is not known here;' +
            " give its function a 'secretsManagerEndpoint', or leave denyReadsOutsideEndpoint() out",
        ]
      : [];
  }

  private refuseBoth(): never {
    return fail(
      this,
      'the secret is read by another account or an organization, which use endpoints of their own,' +
        ' and reads outside the endpoint are denied; choose one of grantRead() for them and denyReadsOutsideEndpoint()',
    );
  }
}

function arnsOf(roles: iam.IRole[]): string[] {
  return roles.map(role => role.roleArn);
}

/** The Secrets Manager endpoint of the function that has the role, if the app knows it. */
function endpointOf(role: iam.IRole): SecretsManagerEndpoint | undefined {
  const { scope } = role.node;
  return scope instanceof VpcFunction ? scope.secretsManagerEndpoint : undefined;
}
