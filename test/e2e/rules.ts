import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { Checks } from './checks';
import { LocalCloud } from './local-cloud';

/** The judge is judged: the local Secrets Manager is as strict about versions and labels as AWS's. */
export async function checkRules(checks: Checks, cloud: LocalCloud): Promise<void> {
  const client = new SecretsManagerClient(cloud.client);
  const { ARN: SecretId = '', VersionId: first = '' } = await client.send(
    new CreateSecretCommand({ Name: 'rules', SecretString: 'one' }),
  );
  const [second, third] = [randomUUID(), randomUUID()];
  const put = async (ClientRequestToken: string, SecretString: string, ...VersionStages: string[]) =>
    client.send(new PutSecretValueCommand({ SecretId, ClientRequestToken, SecretString, VersionStages }));
  const move = async (VersionStage: string, MoveToVersionId?: string, RemoveFromVersionId?: string) =>
    client.send(new UpdateSecretVersionStageCommand({ SecretId, VersionStage, MoveToVersionId, RemoveFromVersionId }));
  const stages = async () => (await client.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages;

  await checks.check('the local Secrets Manager writes a version once', async () => {
    await put(second, 'two', 'AWSPENDING');
    await put(second, 'two', 'AWSPENDING');
    await assert.rejects(put(second, 'other', 'AWSPENDING'), { name: 'ResourceExistsException' });
    assert.deepEqual(await stages(), { [first]: ['AWSCURRENT'], [second]: ['AWSPENDING'] });
  });

  await checks.check('the local Secrets Manager moves a label only from its holder', async () => {
    await assert.rejects(move('AWSCURRENT', second), { name: 'InvalidParameterException' });
    await assert.rejects(move('AWSCURRENT', second, second), { name: 'InvalidParameterException' });
    await assert.rejects(move('AWSCURRENT', undefined, first), { name: 'InvalidParameterException' });
    await assert.rejects(move('AWSCURRENT', randomUUID(), first), { name: 'ResourceNotFoundException' });
    await move('AWSCURRENT', second, first);
    assert.deepEqual(await stages(), { [first]: ['AWSPREVIOUS'], [second]: ['AWSPENDING', 'AWSCURRENT'] });
  });

  await checks.check("the local Secrets Manager keeps versions without a label, and labels of one's own", async () => {
    await put(third, 'three', 'CUSTOM');
    assert.deepEqual(await stages(), {
      [first]: ['AWSPREVIOUS'],
      [second]: ['AWSPENDING', 'AWSCURRENT'],
      [third]: ['CUSTOM'],
    });
    await move('CUSTOM', undefined, third);
    const { Versions = [] } = await client.send(new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true }));
    assert.deepEqual(
      Versions.map(({ VersionId }) => VersionId),
      [first, second, third],
    );
    const read = new GetSecretValueCommand({ SecretId, VersionId: first, VersionStage: 'AWSCURRENT' });
    await assert.rejects(client.send(read), { name: 'InvalidRequestException' });
  });
}
