import { Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { retainedUnlessDestroyed } from '../private/generated-secret';
import { through } from '../private/secret-access';

/** Properties of an `EncryptionKey`. */
export interface EncryptionKeyProps {
  /**
   * What happens to the key when it is removed from the stack. Any policy except `DESTROY` retains it, because
   * snapshots need their key too.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A customer managed KMS key for a database and its secrets, with yearly key rotation.
 *
 * Its administrators cannot decrypt with it. Principals of this account can use it only through Secrets Manager and
 * Amazon RDS, and only if their identity policy allows it.
 */
export class EncryptionKey extends kms.Key {
  constructor(scope: Construct, id: string, props: EncryptionKeyProps = {}) {
    super(scope, id, {
      description: 'RotatingPostgres: database and secrets',
      enableKeyRotation: true,
      policy: keyPolicy(Stack.of(scope)),
      removalPolicy: retainedUnlessDestroyed(props.removalPolicy),
    });
  }

  /**
   * Lets the key encrypt a secret that RDS manages. According to the RDS user guide, the principal that creates the
   * database must be allowed to create a grant. The guide does not say through which of the two services the grant is
   * made.
   *
   * @internal
   */
  public _serveManagedSecrets(): void {
    this.addToResourcePolicy(
      delegate('GrantForManagedSecret', ['kms:CreateGrant'], {
        StringEquals: within(this.stack, 'secretsmanager'),
        Bool: { 'kms:GrantIsForAWSResource': 'true' },
      }),
    );
  }
}

/**
 * A statement for the account's root user delegates to identity policies. Without it, IAM policies have no effect on
 * the key.
 */
function delegate(
  sid: string,
  actions: string[],
  conditions?: Record<string, Record<string, string>>,
): iam.PolicyStatement {
  return new iam.PolicyStatement({
    sid,
    actions,
    conditions,
    principals: [new iam.AccountRootPrincipal()],
    resources: ['*'],
  });
}

function within({ region }: Stack, service: 'secretsmanager' | 'rds'): Record<string, string> {
  return { ...through(service, region), 'kms:CallerAccount': Aws.ACCOUNT_ID };
}

/**
 * The conditions name services and not secrets: a secret refers to its key, so that a key policy with the secret's ARN
 * would be a cycle.
 */
function keyPolicy(stack: Stack): iam.PolicyDocument {
  return new iam.PolicyDocument({
    statements: [
      delegate('AdministerWithoutUse', [
        'kms:CancelKeyDeletion',
        'kms:CreateAlias',
        'kms:DeleteAlias',
        'kms:DescribeKey',
        'kms:DisableKey',
        'kms:DisableKeyRotation',
        'kms:EnableKey',
        'kms:EnableKeyRotation',
        'kms:GetKeyPolicy',
        'kms:GetKeyRotationStatus',
        'kms:ListGrants',
        'kms:ListKeyPolicies',
        'kms:ListKeyRotations',
        'kms:ListResourceTags',
        'kms:PutKeyPolicy',
        'kms:RevokeGrant',
        'kms:RotateKeyOnDemand',
        'kms:ScheduleKeyDeletion',
        'kms:TagResource',
        'kms:UntagResource',
        'kms:UpdateAlias',
        'kms:UpdateKeyDescription',
      ]),
      // Creating or changing a secret needs both actions, reading it only the first.
      delegate('UseThroughSecretsManager', ['kms:Decrypt', 'kms:GenerateDataKey'], {
        StringEquals: within(stack, 'secretsmanager'),
      }),
      // For principals that read Performance Insights.
      delegate('UseThroughRds', ['kms:Decrypt', 'kms:GenerateDataKey'], { StringEquals: within(stack, 'rds') }),
      // RDS uses grants, which it creates on behalf of the principal that creates or restores the instance.
      delegate('GrantToRds', ['kms:CreateGrant'], {
        StringEquals: within(stack, 'rds'),
        Bool: { 'kms:GrantIsForAWSResource': 'true' },
      }),
      // A deny, which also holds against statements that are added later: a grant is a permission that no policy shows.
      new iam.PolicyStatement({
        sid: 'GrantToNobodyElse',
        effect: iam.Effect.DENY,
        principals: [new iam.StarPrincipal()],
        actions: ['kms:CreateGrant'],
        resources: ['*'],
        conditions: { BoolIfExists: { 'kms:GrantIsForAWSResource': 'false', 'aws:PrincipalIsAWSService': 'false' } },
      }),
    ],
  });
}
