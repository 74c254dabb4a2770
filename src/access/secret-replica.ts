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
 * The copy of a secret in another Region, which Secrets Manager keeps up to date: value, labels, tags and policy. It is
 * for consumers there, and for the day on which the secret's own Region is down. It cannot be written, and its rotation
 * is that of the secret.
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

  /** ARN of the replica: that of the secret, but for the Region. */
  public get secretArn(): string {
    return replicaArn(this.secret, targetOf(this.secret).arn, this.region);
  }

  /** Allows the grantee to read the replica, and to decrypt with its key for it only. */
  public grantRead(grantee: iam.IGrantable, options: ReadOptions = {}): iam.Grant {
    const { scope, secret, region, encryptionKey } = this;
    return grantRead(
      { scope, secret, encryptionKey, target: reader => replicaOf(secret, region, encryptionKey, reader) },
      grantee,
      options,
    );
  }
}
