import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scramVerifier } from '../../../lambda/credential/scram';
import { databaseError } from '../../../lambda/postgres/postgres-errors';
import { type Authority, createAuthority } from '../../local/certificate';
import { startFakeServer } from '../../local/fake-server';
import { FunctionProcess } from '../../local/function-process';
import { withClient } from '../../local/postgres';
import { startPostgresProxy } from '../../local/postgres-proxy';
import { type Rig, startRig } from '../support/rig';

/** The shortest function that Lambda's console proposes to nobody, and the one of the construct. */
const SHORT_S = 10;
const USUAL_S = 60;

const never = () => new Promise<never>(() => undefined);

let rig: Rig;
let authority: Authority;
let directory: string;
let hung: string | undefined;
const started: (() => unknown)[] = [];

beforeAll(async () => {
  rig = await startRig({
    before: ({ request }) => (hung !== undefined && request.SecretId === hung ? never() : undefined),
  });
  authority = await createAuthority('An authority of the test');
  directory = mkdtempSync(join(tmpdir(), 'time-'));
  writeFileSync(join(directory, 'ca.pem'), `${readFileSync(rig.caFile, 'utf8')}\n${authority.certificate}`);
}, 30_000);
afterAll(async () => {
  await Promise.all(started.map(stop => stop()));
  await rig.stop();
  rmSync(directory, { recursive: true });
});

interface Where {
  readonly host?: string;
  /** Called when the function is about to be. */
  readonly before?: (secret: string, username: string) => unknown;
}

let users = 0;
/**
 * setSecret of a user at that port (or host), by a function that has so many seconds; its error, as Lambda reports it.
 */
async function setSecret(seconds: number, port: number, { host, before }: Where = {}): Promise<unknown> {
  const login = { username: rig.name(`u${users++}`), password: 'known-password' };
  await rig.inspect(`CREATE ROLE "${login.username}" LOGIN PASSWORD '${await scramVerifier(login.password, null)}'`);
  const secret = await rig.createSecret('user', rig.value(login, { port, host: host ?? 'localhost' }));
  const limited = new FunctionProcess(
    'rotation',
    { ...rig.secrets.environment, NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem') },
    seconds,
  );
  started.push(() => limited.stop());
  const { error } = await rig.secrets.rotate(secret, {
    beforeStep: async (step, event) => {
      if (step !== 'setSecret') return;
      await before?.(secret, login.username);
      await limited.invoke(event);
      throw new Error('setSecret succeeded');
    },
  });
  return error;
}

/** A proxy before the server that falls silent at a message. */
async function silentAt(when: 'before' | 'after', message: string): Promise<number> {
  const hook = (name: string) => (name === message ? never() : undefined);
  const proxy = await startPostgresProxy(rig, await authority.issue('localhost'), { [when]: hook });
  started.push(() => proxy.stop());
  return proxy.port;
}

async function silentFromTheStart(): Promise<number> {
  const fake = await startFakeServer([], authority);
  started.push(() => fake.close());
  return fake.port;
}

/** Nothing is, or ever will be, at an address of RFC 5737. */
const BLACK_HOLE = '192.0.2.1';

// All at once, for a function that is hung only waits.
test(
  'a server that falls silent, at whatever message, ends with "cannot reach" within the ' + "function's time",
  async () => {
    const cases: [string, number, Promise<number>, string?][] = [
      ['an address where nothing is', SHORT_S, Promise.resolve(5432), BLACK_HOLE],
      ['after TLS', SHORT_S, silentFromTheStart()],
      ['after TLS', USUAL_S, silentFromTheStart()],
      ['before TLS', SHORT_S, silentAt('before', 'SSLRequest')],
      ...(['StartupMessage', 'SASLResponse', 'Query'] as const).flatMap(
        (message): [string, number, Promise<number>][] => [
          [`before ${message}`, SHORT_S, silentAt('before', message)],
          [`after ${message}`, SHORT_S, silentAt('after', message)],
        ],
      ),
    ];
    await Promise.all(
      cases.map(async ([what, seconds, opened, host]) => {
        const port = await opened;
        expect([what, seconds, await setSecret(seconds, port, { host })]).toEqual([
          what,
          seconds,
          expect.objectContaining({
            errorType: 'DatabaseUnreachable',
            errorMessage: expect.stringContaining(`cannot reach ${host ?? 'localhost'}:${port}`),
          }),
        ]);
      }),
    );
  },
  40_000,
);

test.each([SHORT_S, USUAL_S])(
  'a role that another session holds is given up on, and said so, with %p s',
  async seconds => {
    await withClient(rig, rig.superuser, 'postgres', async client => {
      const error = await setSecret(seconds, rig.port, {
        before: async (_, username) => {
          await client.query(`BEGIN; ALTER ROLE "${username}" CONNECTION LIMIT 5`);
        },
      });
      expect(error).toMatchObject({
        errorType: 'Locked',
        errorMessage: expect.stringContaining('another session holds a lock'),
      });
      await client.query('ROLLBACK');
    });
  },
  20_000,
);

test("a Secrets Manager that never answers ends with a code of its own within the function's time", async () => {
  const error = await setSecret(SHORT_S, rig.port, {
    before: secret => {
      hung = secret;
    },
  });
  expect(error).toMatchObject({
    errorType: 'SecretsManagerUnreachable',
    errorMessage: expect.stringContaining(`DescribeSecret on ${hung}`),
  });
}, 20_000);

test('a function that has no time left says so, and does not begin', async () => {
  const login = await rig.read(rig.adminSecret);
  const before = rig.secrets.calls.length;
  const spent = new FunctionProcess('rotation', rig.secrets.environment, 2);
  started.push(() => spent.stop());
  await expect(
    spent.invoke({
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
