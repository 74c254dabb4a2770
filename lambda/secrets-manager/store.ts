import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
  type GetSecretValueCommandInput,
  type GetSecretValueCommandOutput,
  type SecretVersionsListEntry,
} from '@aws-sdk/client-secrets-manager';
import { secretsManagerError } from './store-errors';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode, StagingLabel } from '../../src/contract';
import type { Deadline } from '../ports/deadline';
import type { CurrentValue, NewVersion, SecretDescription, SecretStore, VersionSelector } from '../ports/secret-store';

/** Timeouts of one attempt. They leave time for the SDK's retries when an endpoint hangs. */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true };
/** Timeout of a call, including retries. */
const CALL_TIMEOUT_MS = 20_000;

/** Shared by all invocations of a process, so that connections are reused. */
const client = new SecretsManagerClient({ requestHandler: TIMEOUTS, maxAttempts: 4 });

/** The port to AWS Secrets Manager, for one invocation. */
export class SecretsManagerStore implements SecretStore {
  constructor(private readonly deadline: Deadline) {}

  async describe(secretId: string): Promise<SecretDescription> {
    const secret = await this.call('DescribeSecret', secretId, limit =>
      client.send(new DescribeSecretCommand({ SecretId: secretId }), limit),
    );
    return {
      arn: secret.ARN ?? secretId,
      rotationEnabled: secret.RotationEnabled ?? false,
      rotationFunctionArn: secret.RotationLambdaARN,
      lastRotated: secret.LastRotatedDate,
      stages: secret.VersionIdsToStages ?? {},
      tags: Object.fromEntries((secret.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
    };
  }

  async read(secretId: string, { stage, versionId }: VersionSelector): Promise<string | undefined> {
    const answer = await this.getValue({ SecretId: secretId, VersionStage: stage, VersionId: versionId });
    return answer?.SecretString;
  }

  async readCurrent(secretId: string): Promise<CurrentValue | undefined> {
    const answer = await this.getValue({ SecretId: secretId, VersionStage: StagingLabel.CURRENT });
    return answer?.VersionId === undefined ? undefined : { versionId: answer.VersionId, value: answer.SecretString };
  }

  async write(version: NewVersion): Promise<'written' | 'exists'> {
    const request = new PutSecretValueCommand({
      SecretId: version.secretId,
      ClientRequestToken: version.token,
      SecretString: version.value,
      VersionStages: [version.stage],
      RotationToken: version.rotationToken,
    });
    const answer = await this.call('PutSecretValue', version.secretId, limit =>
      client.send(request, limit).catch(absent('ResourceExistsException')),
    );
    return answer ? 'written' : 'exists';
  }

  async makeCurrent(secretId: string, to: string, from: string): Promise<void> {
    const request = new UpdateSecretVersionStageCommand({
      SecretId: secretId,
      VersionStage: StagingLabel.CURRENT,
      MoveToVersionId: to,
      RemoveFromVersionId: from,
    });
    await this.call('UpdateSecretVersionStage', secretId, limit => client.send(request, limit));
  }

  async removePending(secretId: string, from: string): Promise<void> {
    const request = new UpdateSecretVersionStageCommand({
      SecretId: secretId,
      VersionStage: StagingLabel.PENDING,
      RemoveFromVersionId: from,
    });
    await this.call('UpdateSecretVersionStage', secretId, limit => client.send(request, limit));
  }

  async label(secretId: string, versionId: string, label: string): Promise<void> {
    const request = new UpdateSecretVersionStageCommand({
      SecretId: secretId,
      VersionStage: label,
      MoveToVersionId: versionId,
    });
    await this.call('UpdateSecretVersionStage', secretId, limit => client.send(request, limit));
  }

  async versionIds(secretId: string): Promise<string[]> {
    const versions: SecretVersionsListEntry[] = [];
    let page: string | undefined;
    do {
      const request = new ListSecretVersionIdsCommand({ SecretId: secretId, IncludeDeprecated: true, NextToken: page });
      const answer = await this.call('ListSecretVersionIds', secretId, limit => client.send(request, limit));
      versions.push(...(answer.Versions ?? []));
      page = answer.NextToken;
    } while (page);
    const age = (version: SecretVersionsListEntry) => version.CreatedDate?.getTime() ?? 0;
    return versions.sort((a, b) => age(b) - age(a)).flatMap(version => version.VersionId ?? []);
  }

  private async getValue(
    input: GetSecretValueCommandInput & { SecretId: string },
  ): Promise<GetSecretValueCommandOutput | undefined> {
    const request = new GetSecretValueCommand(input);
    return this.call('GetSecretValue', input.SecretId, limit =>
      client.send(request, limit).catch(absent('ResourceNotFoundException')),
    );
  }

  private async call<T>(
    action: string,
    secretId: string,
    send: (limit: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const milliseconds = Math.min(CALL_TIMEOUT_MS, this.deadline.remaining());
    if (milliseconds === 0) {
      throw new RotatingPostgresError(ErrorCode.TIMEOUT, `no time is left for secretsmanager:${action} on ${secretId}`);
    }
    try {
      return await send({ abortSignal: AbortSignal.timeout(milliseconds) });
    } catch (cause) {
      throw secretsManagerError(cause, `secretsmanager:${action} on ${secretId}`);
    }
  }
}

/** Returns undefined for the error that means "not found" or "exists already", and rethrows any other. */
function absent(errorName: string) {
  return (error: Error): undefined => {
    if (error.name !== errorName) throw error;
    return undefined;
  };
}
