import fc from 'fast-check';
import { bindingOf } from '../../../lambda/credential/binding';
import { rotate } from '../../../lambda/rotation/rotate';
import { RotationCache } from '../../../lambda/rotation/state/rotation-cache';
import { log } from '../../../lambda/runtime/log';
import { settingsOf } from '../../../lambda/runtime/settings';
import { BindingTag, Env } from '../../../src/contract';
import { tagValue } from '../../../src/database/secret-binding';
import { FUNCTION_ARN } from '../../local/function-arn';
import { CURRENT, PENDING } from '../../local/secret';
import { memoryDeadline, MemoryStore } from '../support/memory-store';

jest.spyOn(log, 'info').mockImplementation(() => undefined);

const HOST = 'db.example.com';
const value = {
  engine: 'postgres',
  host: HOST,
  port: 5432,
  dbname: 'app',
  username: 'app',
  password: 'secret',
  masterarn: undefined as string | undefined,
};
type Value = typeof value;

/** Any value of the secret, most of whose fields are as they were deployed. */
const anyValue = fc.record({
  host: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(HOST, 'DB.Example.COM') },
    fc.constantFrom(`${HOST}.`, `x.${HOST}`),
    fc.domain(),
  ),
  port: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(5432, '5432', '05432') }, fc.integer({ min: 1, max: 65535 })),
  username: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('app', 'app_clone') },
    fc.constantFrom('App', 'postgres', 'app_clone_clone', 'ap'),
    fc.stringMatching(/^\S{1,20}$/),
  ),
  masterarn: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(undefined, 'admin') },
    fc.constantFrom('Admin', 'other-admin'),
  ),
  dbname: fc.constantFrom('app', 'postgres'),
  note: fc.string(),
});

describe.each(['single', 'alternating'] as const)('%s', strategy => {
  const deployed = { ...value, masterarn: strategy === 'alternating' ? 'admin' : undefined };
  const isBound = ({ host, port, username, masterarn }: Value) =>
    host.toLowerCase() === HOST &&
    Number(port) === 5432 &&
    ['app', 'app_clone'].includes(username) &&
    masterarn === deployed.masterarn;

  /**
   * Rotates with these as the current and the pending value: the code it ends with, and whether it came as far as to
   * connect.
   */
  async function rotation(current: object, pending: object) {
    const store = new MemoryStore();
    store.add('admin', deployed);
    const secret = store.add('app', deployed);
    secret.tag(
      Object.entries({
        [BindingTag.SERVER]: `${HOST}:5432`,
        [BindingTag.USERNAME]: 'app',
        [BindingTag.STRATEGY]: strategy,
        [BindingTag.ADMIN_SECRET]: 'admin',
      }).map(([Key, Value]) => ({ Key, Value })),
    );
    secret.put('rewritten', { SecretString: JSON.stringify(current) }, [CURRENT]);
    secret.put('token', { SecretString: JSON.stringify(pending) }, [PENDING]);
    let connected = false;
    const open = async () => {
      connected = true;
      throw new Error('enough is seen');
    };
    const database = { openAsAdmin: open, openAsLogin: open, openAsConsumer: open };
    const ports = {
      store,
      database,
      rotationCache: new RotationCache(),
      functionArn: FUNCTION_ARN,
      deadline: memoryDeadline(),
      settings: settingsOf({ [Env.SERVERS]: `${HOST}:5432` }),
    };
    let code: unknown;
    for (const step of ['createSecret', 'setSecret'] as const) {
      await rotate({ step, secretId: 'app', token: 'token' }, ports).catch(error => {
        code ??= error.code ?? error.message;
      });
    }
    return { code, connected };
  }

  test('whatever fields are rewritten, nothing connects unless the value is within the binding', async () => {
    await fc.assert(
      fc.asyncProperty(anyValue, anyValue, async (current, pending) => {
        const values = [current, pending].map(fields => ({ ...deployed, ...fields }) as Value);
        const { code, connected } = await rotation(values[0], values[1]);
        if (values.every(isBound)) return expect(code).not.toBe('Binding');
        expect([code, connected]).toEqual(['Binding', false]);
      }),
      { numRuns: 500 },
    );
  });

  test('the value as it was deployed comes as far as to connect', async () => {
    expect(
      await rotation(deployed, { ...deployed, username: strategy === 'alternating' ? 'app_clone' : 'app' }),
    ).toEqual({ code: 'enough is seen', connected: true });
  });
});

test('any name comes out of a tag as it went in', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string({ unit: 'binary' }),
        fc.string().map(name => `base64:${name}`),
      ),
      name => {
        const tag = tagValue(name);
        expect(tag).toMatch(/^[\w+=.:/@-]*$/);
        expect(bindingOf('app', { [BindingTag.USERNAME]: tag }).username).toBe(name);
      },
    ),
  );
});
