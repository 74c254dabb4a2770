import { Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { retainedUnlessDestroyed } from '../private/generated-secret';
import { through } from '../private/secret-access';

/** Properties of an `EncryptionKey`. */
export interface EncryptionKeyProps {
  /**
   * What happens to the key when it leaves the stack. A snapshot needs its key as well: anything but `DESTROY` retains
   * it.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The customer-managed key of a database and its secrets, rotated yearly.
 *
 * Its administrators cannot decrypt with it. It is used through Secrets Manager and Amazon RDS only, by principals of
 * this account whose identity policy allows it.
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
   * Lets the key encrypt a secret that RDS manages. RDS then needs a grant, as its user guide says of whoever creates
   * the database; through which of the two services it comes, it does not say.
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
 * Without a statement for the account's root, which delegates to identity policies, no policy in IAM has any effect on
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
 * The conditions name services, not secrets: a secret names its key, so a key policy with the secret's ARN would be a
 * cycle.
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
      // Whoever creates or changes a secret needs both actions, whoever reads it the first.
      delegate('UseThroughSecretsManager', ['kms:Decrypt', 'kms:GenerateDataKey'], {
        StringEquals: within(stack, 'secretsmanager'),
      }),
      // For Performance Insights: whoever reads its figures.
      delegate('UseThroughRds', ['kms:Decrypt', 'kms:GenerateDataKey'], { StringEquals: within(stack, 'rds') }),
      // RDS works with grants, which it makes on behalf of whoever creates or restores the instance.
      delegate('GrantToRds', ['kms:CreateGrant'], {
        StringEquals: within(stack, 'rds'),
        Bool: { 'kms:GrantIsForAWSResource': 'true' },
      }),
      // Whatever else the policy comes to say: a grant is a permission that no policy shows.
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
