import { Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';
import { grantRead } from './grant-read';
import { ReadOptions } from './read-options';
import { fail } from '../private/errors';
import { replicaArn, replicaOf, targetOf } from '../private/secret-access';

/**
 * A replica of a secret in another Region. Secrets Manager keeps its value, staging labels, tags and resource policy up
 * to date.
 *
 * Use it for consumers in that Region, and for an outage of the primary Region. A replica is read-only; it is rotated
 * with the primary secret.
 */
export class SecretReplica {
  /** @internal */
  public static _of(
    scope: IConstruct,
    secret: secretsmanager.Secret,
    region: string,
    encryptionKey: kms.IKey,
  ): SecretReplica {
    const own = Stack.of(secret).region;
    const there = encryptionKey.env.region;
    if (!Token.isUnresolved(region) && !Token.isUnresolved(there) && region !== there) {
      fail(
        scope,
        `'encryptionKey' (${encryptionKey.node.path}) is in ${there}, and the replica in '${region}' needs a key there`,
      );
    }
    if (region === own) fail(scope, `'region' is '${region}', where the secret itself is; name another one`);
    secret.addReplicaRegion(region, encryptionKey);
    return new SecretReplica(scope, secret, region, encryptionKey);
  }

  /** Region of the replica. */
  public readonly region: string;

  private constructor(
    private readonly scope: IConstruct,
    private readonly secret: secretsmanager.Secret,
    region: string,
    private readonly encryptionKey: kms.IKey,
  ) {
    this.region = region;
  }

  /** ARN of the replica. It differs from the secret's ARN in the Region only. */
  public get secretArn(): string {
    return replicaArn(this.secret, targetOf(this.secret).arn, this.region);
  }

  /** Allows the grantee to read the replica, and to decrypt with its key for this replica only. */
  public grantRead(grantee: iam.IGrantable, options: ReadOptions = {}): iam.Grant {
    const { scope, secret, region, encryptionKey } = this;
    return grantRead(
      { scope, secret, encryptionKey, target: reader => replicaOf(secret, region, encryptionKey, reader) },
      grantee,
      options,
    );
  }
}
