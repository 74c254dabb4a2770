import {
  DescribeSecretCommand, GetSecretValueCommand, ListSecretVersionIdsCommand, PutSecretValueCommand, SecretsManagerClient,
  UpdateSecretVersionStageCommand, type SecretVersionsListEntry,
} from '@aws-sdk/client-secrets-manager';
import { RotatingPostgresError } from '../../client/src/errors';
import { ErrorCode } from '../../src/contract';
import type { NewVersion, SecretDescription, SecretStore, VersionSelector } from '../ports/secret-store';

/** Short enough that a hung endpoint leaves time for the SDK's own retries within the function's. */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/** AWS Secrets Manager. */
export class SecretsManagerStore implements SecretStore {
  constructor(private readonly client = new SecretsManagerClient({ requestHandler: TIMEOUTS, maxAttempts: 4 })) {}

  async describe(secretId: string): Promise<SecretDescription> {
    const secret = await this.call('DescribeSecret', secretId, () => this.client.send(new DescribeSecretCommand({ SecretId: secretId })));
    return {
      arn: secret.ARN ?? secretId,
      rotationEnabled: secret.RotationEnabled ?? false,
      rotationFunctionArn: secret.RotationLambdaARN,
      stages: secret.VersionIdsToStages ?? {},
    };
  }

  async read(secretId: string, version: VersionSelector): Promise<string | undefined> {
    const request = new GetSecretValueCommand({ SecretId: secretId, VersionStage: version.stage, VersionId: version.versionId });
    const answer = await this.call('GetSecretValue', secretId, () => this.client.send(request).catch(absent('ResourceNotFoundException')));
    return answer?.SecretString;
  }

  async write(version: NewVersion): Promise<'written' | 'exists'> {
    const request = new PutSecretValueCommand({
      SecretId: version.secretId,
      ClientRequestToken: version.token,
      SecretString: version.value,
      VersionStages: [version.stage],
      RotationToken: version.rotationToken,
    });
    const answer = await this.call('PutSecretValue', version.secretId, () => this.client.send(request).catch(absent('ResourceExistsException')));
    return answer ? 'written' : 'exists';
  }

  async makeCurrent(secretId: string, to: string, from: string): Promise<void> {
    const request = new UpdateSecretVersionStageCommand({
      SecretId: secretId, VersionStage: 'AWSCURRENT', MoveToVersionId: to, RemoveFromVersionId: from,
    });
    await this.call('UpdateSecretVersionStage', secretId, () => this.client.send(request));
  }

  async removePending(secretId: string, from: string): Promise<void> {
    const request = new UpdateSecretVersionStageCommand({ SecretId: secretId, VersionStage: 'AWSPENDING', RemoveFromVersionId: from });
    await this.call('UpdateSecretVersionStage', secretId, () => this.client.send(request));
  }

  async versionIds(secretId: string): Promise<string[]> {
    const versions: SecretVersionsListEntry[] = [];
    let page: string | undefined;
    do {
      const request = new ListSecretVersionIdsCommand({ SecretId: secretId, IncludeDeprecated: true, NextToken: page });
      const answer = await this.call('ListSecretVersionIds', secretId, () => this.client.send(request));
      versions.push(...answer.Versions ?? []);
      page = answer.NextToken;
    } while (page);
    const age = (version: SecretVersionsListEntry) => version.CreatedDate?.getTime() ?? 0;
    return versions.sort((a, b) => age(b) - age(a)).flatMap(version => version.VersionId ?? []);
  }

  private async call<T>(action: string, secretId: string, send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (cause) {
      const { name, message } = cause as Error;
      throw new RotatingPostgresError(ErrorCode.SECRETS_MANAGER, `secretsmanager:${action} on ${secretId} failed: ${name}: ${message}`, { cause });
    }
  }
}

/** Turns the one answer that means "there is none" into undefined. */
function absent(errorName: string) {
  return (error: Error): undefined => {
    if (error.name !== errorName) throw error;
    return undefined;
  };
}
