import './load-sdk';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SecretCredentials, type SecretCredentialsOptions } from '../../../client/src/secret/credentials';
import type { SecretVersion } from '../../../client/src/secret/secret-reader';
import { parseSecretValue } from '../../../client/src/shared/secret-value';

/** What a read of a label answers: a value, `undefined` for no such label, or what a function does. */
export type Answer = Version | undefined | (() => Promise<Version>);
interface Version {
  readonly id: string;
  readonly text: string;
}

export const SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:Orders-AbCdEf';

export function version(
  id: string,
  text = JSON.stringify({ host: 'db.example.com', username: 'app', password: `password-of-${id}` }),
): Version {
  return { id, text };
}

/** An error as the SDK throws it. */
export function sdkError(name: string, message = name): Error {
  return Object.assign(new Error(message), { name });
}

/**
 * A Secrets Manager for tests that move the clock: answers over a socket do not keep a fake clock's time. Where the
 * clock does not matter, test/local has a real one.
 */
export class StubSecretsManager {
  readonly reads: string[] = [];
  stages: Partial<Record<string, Answer>> = { AWSCURRENT: version('a') };
  readonly client = {
    send: async ({ constructor, input }: { constructor: { name: string }; input: { VersionStage?: string } }) => {
      if (constructor.name === 'DescribeSecretCommand') return this.described();
      const stage = input.VersionStage!;
      this.reads.push(stage);
      const answer = this.stages[stage];
      const found = typeof answer === 'function' ? await answer() : answer;
      if (!found) throw sdkError('ResourceNotFoundException');
      return { VersionId: found.id, SecretString: found.text };
    },
  } as unknown as SecretsManagerClient;

  /** Answers a DescribeSecret. */
  described: () => object = () => ({});

  source(options: Omit<SecretCredentialsOptions, 'client'> = {}): SecretCredentials {
    return new SecretCredentials(SECRET, { client: this.client, ...options });
  }
}

/** The same as it is read. */
export function secretVersion(id: string): SecretVersion {
  return { versionId: id, credential: parseSecretValue(version(id).text, `secret ${id}`) };
}
