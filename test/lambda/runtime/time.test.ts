import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scramVerifier } from '../../../lambda/credential/scram';
import { databaseError } from '../../../lambda/postgres/postgres-errors';
import { type Authority, createAuthority } from '../../local/certificate';
import { startDeafServer } from '../../local/deaf-server';
import { FunctionProcess } from '../../local/function-process';
import { withClient } from '../../local/postgres';
import { startPostgresProxy } from '../../local/postgres-proxy';
import type { Call } from '../../local/secrets-manager';
import { type Rig, startRig } from '../support/rig';

/** The shortest function that Lambda's console proposes to nobody, and the one of the construct. */
const SHORT_S = 10;
const USUAL_S = 60;

const never = () => new Promise<never>(() => undefined);

let rig: Rig;
let authority: Authority;
let directory: string;
/** Called with each call before it is answered. */
const watchers = new Set<(call: Call) => unknown>();
const started: (() => unknown)[] = [];

beforeAll(async () => {
  rig = await startRig({ before: call => Promise.all([...watchers].map(watcher => watcher(call))) });
  authority = await createAuthority('An authority of the test');
  directory = mkdtempSync(join(tmpdir(), 'time-'));
  writeFileSync(join(directory, 'ca.pem'), `${readFileSync(rig.caFile, 'utf8')}\n${authority.certificate}`);
}, 30_000);
afterAll(async () => {
  await Promise.all(started.map(stop => stop()));
  await rig.stop();
  rmSync(directory, { recursive: true });
});

/** A function whose clock stands still until the test has it go on. */
function limited(seconds: number): FunctionProcess {
  const environment = { ...rig.secrets.environment, NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem') };
  const process = new FunctionProcess('rotation', environment, seconds, 'stands still');
  started.push(() => process.stop());
  return process;
}

let users = 0;
/** A user whose secret names that port, and the user's name. */
async function userAt(port: number): Promise<{ secret: string; username: string }> {
  const login = { username: rig.name(`u${users++}`), password: 'known-password' };
  await rig.inspect(`CREATE ROLE "${login.username}" LOGIN PASSWORD '${await scramVerifier(login.password, null)}'`);
  return { secret: await rig.createSecret('user', rig.value(login, { port })), username: login.username };
}

/** setSecret by that function; its error, as Lambda reports it. */
async function setSecret(by: FunctionProcess, secret: string): Promise<unknown> {
  const { error } = await rig.secrets.rotate(secret, {
    beforeStep: async (step, event) => {
      if (step !== 'setSecret') return;
      await by.invoke(event);
      throw new Error('setSecret succeeded');
    },
  });
  return error;
}

/** A server that falls silent, and then says so. */
type Silent = (fallen: () => void) => Promise<number>;

/** A proxy before the server that falls silent at a message. */
const silentAt =
  (when: 'before' | 'after', message: string): Silent =>
  async fallen => {
    const hook = (name: string) => {
      if (name !== message) return undefined;
      fallen();
      return never();
    };
    const proxy = await startPostgresProxy(rig, await authority.issue('localhost'), { [when]: hook });
    started.push(() => proxy.stop());
    return proxy.port;
  };

test.each<[string, number, Silent]>([
  ['before TLS', SHORT_S, silentAt('before', 'SSLRequest')],
  ['after TLS', USUAL_S, silentAt('before', 'StartupMessage')],
  ...(['StartupMessage', 'SASLResponse', 'Query'] as const).flatMap((message): [string, number, Silent][] => [
    [`before ${message}`, SHORT_S, silentAt('before', message)],
    [`after ${message}`, SHORT_S, silentAt('after', message)],
  ]),
])(
  'a server that falls silent %s ends with "cannot reach" within the function\'s time of %p s',
  async (_, seconds, silent) => {
    const by = limited(seconds);
    const port = await silent(() => by.pass());
    expect(await setSecret(by, (await userAt(port)).secret)).toMatchObject({
      errorType: 'DatabaseUnreachable',
      errorMessage: expect.stringContaining(`cannot reach localhost:${port}`),
    });
  },
);

test('so does an address where nothing is', async () => {
  const [by, { port, close }] = [limited(SHORT_S), await startDeafServer()];
  started.push(close);
  const { secret } = await userAt(port);
  // It connects once it has read both values.
  const unread = new Set(['AWSCURRENT', 'AWSPENDING']);
  const watcher = ({ action, request }: Call) => {
    const reads = action === 'GetSecretValue' && request.SecretId === secret;
    if (reads && unread.delete(String(request.VersionStage)) && unread.size === 0) setImmediate(() => by.pass());
  };
  watchers.add(watcher);
  const error = await setSecret(by, secret);
  watchers.delete(watcher);
  expect(error).toMatchObject({
    errorType: 'DatabaseUnreachable',
    errorMessage: expect.stringContaining(`cannot reach localhost:${port}`),
  });
});

// Both at once, for it is the server's clock that runs here.
test('a role that another session holds is given up on, and said so', async () => {
  await Promise.all(
    [SHORT_S, USUAL_S].map(async seconds => {
      const { secret, username } = await userAt(rig.port);
      await withClient(rig, rig.superuser, 'postgres', async client => {
        await client.query(`BEGIN; ALTER ROLE "${username}" CONNECTION LIMIT 5`);
        expect(await setSecret(limited(seconds), secret)).toMatchObject({
          errorType: 'Locked',
          errorMessage: expect.stringContaining('another session holds a lock'),
        });
        await client.query('ROLLBACK');
      });
    }),
  );
});

test("a Secrets Manager that never answers ends with a code of its own within the function's time", async () => {
  const by = limited(SHORT_S);
  const { secret } = await userAt(rig.port);
  const watcher = ({ request }: Call) => {
    if (request.SecretId !== secret || by.pid === undefined) return undefined;
    by.pass();
    return never();
  };
  watchers.add(watcher);
  const error = await setSecret(by, secret);
  watchers.delete(watcher);
  expect(error).toMatchObject({
    errorType: 'SecretsManagerUnreachable',
    errorMessage: expect.stringContaining(`DescribeSecret on ${secret}`),
  });
});

test('a function that has no time left says so, and does not begin', async () => {
  const login = await rig.read(rig.adminSecret);
  const before = rig.secrets.calls.length;
  await expect(
    limited(2).invoke({
      Step: 'setSecret',
      SecretId: rig.adminSecret,
      ClientRequestToken: 'token-of-a-rotation-that-never-was',
    }),
  ).rejects.toMatchObject({ errorType: 'Timeout', errorMessage: expect.stringContaining('DescribeSecret') });
  expect(rig.secrets.calls.length).toBe(before);
  expect(await rig.read(rig.adminSecret)).toEqual(login);
});

test('two sessions that change one role at once are told of as that', () => {
  const cause = Object.assign(
    new (jest.requireActual<typeof import('pg')>('pg').DatabaseError)('tuple concurrently updated', 1, 'error'),
    { code: 'XX000', routine: 'simple_heap_update' },
  );
  expect(databaseError(cause, { host: 'h', port: 1, username: 'u', password: 'p' }, 'd')).toMatchObject({
    code: 'Locked',
  });
});
