import { Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, IConstruct } from 'constructs';
import { VpcFunction } from '../function/vpc-function';
import { SecretsManagerEndpoint } from '../network/secrets-manager-endpoint';
import { fail } from '../private/errors';
import { limitPolicySize } from '../private/policy-size';
import { READERS_FROM_OUTSIDE, unattached, WRITERS } from '../private/secret-roles';

/** Who may write a secret, beside the functions that rotate it. */
export interface SecretGuardOptions {
  /**
   * Whether all others are denied to write the secret, to move its labels, to rotate, tag, replicate or delete it and
   * to change its policy, whatever their own policies allow.
   * @default true
   */
  readonly denyWriting?: boolean;
  /**
   * Roles of people who may write nevertheless, to repair what a runbook tells them to. Their own policies must allow
   * it as well.
   * @default - nobody but the account's root user
   */
  readonly breakGlassRoles?: iam.IRole[];
  /**
   * The only roles that deploy, in this account: of CloudFormation, where it has one of its own, else of whoever calls
   * it.
   * @default - the roles that `cdk bootstrap` gives CloudFormation, and whatever comes through CloudFormation
   */
  readonly deploymentRoles?: iam.IRole[];
}

/** Properties of a `SecretGuard`. */
export interface SecretGuardProps extends SecretGuardOptions {
  /** The secret; one that is made in this app, for the policy of another one is not ours to replace. */
  readonly secret: secretsmanager.Secret;
}

/** The way by which the value of a secret may be read. */
export interface EndpointOnlyOptions {
  /**
   * Ids of further interface endpoints for Secrets Manager, of consumers in other VPCs, and in the Regions of replicas,
   * which get the same policy: `vpce-…`.
   * @default - the endpoints of the functions that write the secret
   */
  readonly furtherEndpointIds?: string[];
  /**
   * Roles that read from elsewhere: of administrators, and of an RDS Proxy made elsewhere that logs in with this
   * secret, which reads by a role of its own and not in the name of a caller. A `DatabaseProxy` is exempt by itself.
   * @default - none
   */
  readonly exceptRoles?: iam.IRole[];
}

/** Everything that changes a secret, its labels, its tags (which bind it), its copies or who may use it. */
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

/** What Secrets Manager takes, in characters. */
const LONGEST_POLICY = 20_480;

const guards = new WeakMap<IConstruct, SecretGuard>();

/**
 * The resource policy of a secret: consumers, and whoever else has permissions that are too wide, cannot write it.
 *
 * It denies, and so holds against every other policy. Exempt are the functions of this library that write the secret,
 * deployment, named roles, AWS's own services, and the account's root user, without whom nobody could mend a mistake.
 * The secret has one policy: what else is added to it, by `grantRead` for another account or by the secret's own
 * `addToResourcePolicy`, comes into the same.
 */
export class SecretGuard extends Construct {
  /**
   * The guard of a secret, also where the secret is seen as one that is attached to its database.
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
        // Of a caller without the key: true. CloudFormation sets it also where it works by a role of its own.
        ...(props.deploymentRoles
          ? {}
          : { 'ForAllValues:StringNotEquals': { 'aws:CalledVia': ['cloudformation.amazonaws.com'] } }),
        BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
      });
    }
    this.node.addValidation({ validate: () => this.unreachable() });
  }

  /**
   * Denies everybody to read the value in another way than through the endpoint by which the functions that write this
   * secret reach Secrets Manager. Exempt are AWS services that read in a caller's name (CloudFormation), who deploys,
   * break-glass roles and the account's root user.
   *
   * An error where the endpoint of such a function is not known to this app, and where another account or an
   * organisation reads, for these have endpoints of their own. The admin secret has no such limit.
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
   * Allows something to a principal that no identity policy of this account reaches.
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

  /** The policy comes to be with its first statement. */
  private watch(): void {
    const policy = this.secret.node.findChild('Policy').node.defaultChild as secretsmanager.CfnResourcePolicy;
    if (policy.blockPublicPolicy !== undefined) return;
    // Secrets Manager then refuses what somebody adds for everyone. An organisation is not among what it is documented
    // to let pass.
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
      'the secret is read by another account or an organisation, which come by endpoints of their own,' +
        ' and reads outside the endpoint are denied; choose one of grantRead() for them and denyReadsOutsideEndpoint()',
    );
  }
}

function arnsOf(roles: iam.IRole[]): string[] {
  return roles.map(role => role.roleArn);
}

/** The way to Secrets Manager of the function that has the role, where the app knows one. */
function endpointOf(role: iam.IRole): SecretsManagerEndpoint | undefined {
  const { scope } = role.node;
  return scope instanceof VpcFunction ? scope.secretsManagerEndpoint : undefined;
}
