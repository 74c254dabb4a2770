import { randomUUID } from 'node:crypto';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { randomPassword } from '../../local/postgres';
import type { Call, SecretsManagerOptions } from '../../local/secrets-manager';
import { type Rig, startRig } from '../support/rig';

/** What happens around each call. */
let hooks: Pick<SecretsManagerOptions, 'before' | 'after'> = {};
let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ before: call => hooks.before?.(call), after: call => hooks.after?.(call) });
});
afterEach(() => {
  hooks = {};
});
afterAll(() => rig.stop());

test(
  'the current value is read while the secret is described, and counts only for the version that is ' +
    'current by the description',
  async () => {
    const login = { username: rig.name('moved'), password: randomPassword() };
    await rig.inspect(`CREATE ROLE "${login.username}" LOGIN PASSWORD '${login.password}'`);
    const secret = await rig.createSecret('moved', { ...rig.value(login), note: 'first' });
    const { VersionId: first } = await rig.secrets.client.send(new GetSecretValueCommand({ SecretId: secret }));
    const second = randomUUID();
    await rig.secrets.client.send(
      new PutSecretValueCommand({
        SecretId: secret,
        ClientRequestToken: second,
        SecretString: JSON.stringify({ ...rig.value(login), note: 'second' }),
      }),
    );

    let read = () => undefined as void;
    const valueWasRead = new Promise<void>(resolve => {
      read = resolve;
    });
    const after = ({ action }: Call) => {
      if (action === 'GetSecretValue') read();
    };
    const before = async ({ action }: Call) => {
      if (action !== 'DescribeSecret') return;
      hooks = { after };
      await valueWasRead;
      await rig.secrets.client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: secret,
          VersionStage: 'AWSCURRENT',
          MoveToVersionId: first,
          RemoveFromVersionId: second,
        }),
      );
    };
    hooks = { before, after };
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    expect(await rig.read(secret)).toMatchObject({ note: 'first' });
  },
);
