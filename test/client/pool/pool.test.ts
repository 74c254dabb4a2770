import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import pg from 'pg';
import { stats } from '../../../client/src/telemetry/stats';
import { randomPassword } from '../../local/postgres';
import type { Call } from '../../local/secrets-manager';
import { Application } from '../support/fixture';
import { until } from '../support/until';

let app: Application;
let beforeCall: ((call: Call) => unknown) | undefined;
beforeEach(async () => {
  beforeCall = undefined;
  app = await Application.start({ before: call => beforeCall?.(call) });
});
afterEach(() => app.stop());

const whoAmI = 'select session_user::text as name';
const backends = async (pool: pg.Pool) => {
  const clients = await Promise.all(Array.from({ length: pool.idleCount }, () => pool.connect()));
  for (const client of clients) client.release();
  return clients;
};
const many = (count: number, pool: pg.Pool) => Promise.all(Array.from({ length: count }, () => pool.query(whoAmI)));

describe('a pool of the user', () => {
  test('is a pg.Pool for promises, callbacks, transactions and events', async () => {
    const pool = app.pool({ max: 1 });
    const events: string[] = [];
    for (const event of ['connect', 'acquire', 'release', 'remove'] as const) pool.on(event, () => events.push(event));

    expect(pool).toBeInstanceOf(pg.Pool);
    expect((await pool.query('select $1::int as answer', [42])).rows).toEqual([{ answer: 42 }]);
    const fromCallback = await new Promise((resolve, reject) => {
      pool.query(whoAmI, (error, result) => (error ? reject(error) : resolve(result.rows)));
    });
    expect(fromCallback).toEqual([{ name: app.user.username }]);

    await new Promise<void>((resolve, reject) => {
      pool.connect((error, client, done) => {
        if (error || !client) return reject(error);
        client
          .query('begin')
          .then(() => client.query('create temp table t (i int) on commit drop'))
          .then(() => client.query('commit'))
          .then(() => {
            done();
            resolve();
          }, reject);
      });
    });
    const client = await pool.connect();
    await expect(client.query('select 1/0')).rejects.toMatchObject({ code: '22012' });
    client.release();
    expect(() => client.release()).toThrow(/already been released/);

    await Promise.all([once(pool, 'remove'), pool.end()]);
    expect(events).toEqual(['connect', ...Array.from({ length: 4 }, () => ['acquire', 'release']).flat(), 'remove']);
    await expect(pool.query(whoAmI)).rejects.toThrow(/after calling end/);
  });

  test('reads the secret once for 50 callers at once, also of two pools', async () => {
    const [one, other] = [app.pool({ max: 5 }), app.pool({ max: 5 })];
    await Promise.all([many(25, one), many(25, other)]);
    expect(app.reads).toBe(1);
  });

  test('shows no secret when it or one of its connections is inspected or made JSON', async () => {
    const pool = app.pool();
    const client = await pool.connect();
    for (const shown of [pool, client]) expect(inspect(shown, { depth: 20 })).not.toContain(app.user.password);
    expect(JSON.stringify(pool.options)).not.toContain(app.user.password);
    client.release();
  });
});

describe('new connections', () => {
  test('follow a change of the password', async () => {
    const pool = app.pool({ maxUses: 1 });
    await pool.query(whoAmI);
    await app.put(await app.changePassword());
    await many(20, pool);
    expect(app.reads).toBe(2);
  });

  test.each(['NOLOGIN', "VALID UNTIL '2001-01-01'"])(
    'follow a change of the user whose predecessor is %s',
    async disabled => {
      const pool = app.pool({ maxUses: 1 });
      await pool.query(whoAmI);
      const clone = { username: app.tenancy.name('app_clone'), password: randomPassword() };
      await app.createLogin(clone);
      await app.put(clone);
      await app.asSuperuser(`ALTER ROLE ${app.user.username} ${disabled}`);
      expect((await pool.query(whoAmI)).rows).toEqual([{ name: clone.username }]);
    },
  );

  test('use AWSPENDING when PostgreSQL has the new password and AWSCURRENT has not', async () => {
    const pool = app.pool({ maxUses: 1 });
    await pool.query(whoAmI);
    const next = await app.changePassword();
    await app.put(next, 'AWSPENDING');
    await many(20, pool);
    expect(app.reads).toBe(3); // AWSCURRENT again, then AWSPENDING: once for all
    await app.put(next);
    await pool.query(whoAmI);
    expect(app.reads).toBe(3);
  });

  test('leave AWSPENDING again for the next AWSCURRENT', async () => {
    const pool = app.pool({ maxUses: 1 });
    await pool.query(whoAmI);
    await app.put(await app.changePassword(), 'AWSPENDING');
    await pool.query(whoAmI);
    await app.put(await app.changePassword());
    expect((await pool.query(whoAmI)).rows).toEqual([{ name: app.user.username }]);
  });

  test('use a version that was read elsewhere in the process, with no refused login and no further read', async () => {
    const pool = app.pool({ maxUses: 1 });
    await pool.query(whoAmI);
    await app.put(await app.changePassword(), 'AWSPENDING');
    await pool.query(whoAmI);
    await app.put(await app.changePassword());
    await app.source.refresh();
    const before = { reads: app.reads, refusals: app.refusals };
    await pool.query(whoAmI);
    expect({ reads: app.reads, refusals: app.refusals }).toEqual(before);
  });

  test('are tried again until the new password can be read', async () => {
    const pool = app.pool();
    const next = await app.changePassword();
    let pendingReads = 0;
    beforeCall = async ({ action, request }) => {
      if (action === 'GetSecretValue' && request.VersionStage === 'AWSPENDING' && ++pendingReads === 3) {
        await app.put(next, 'AWSPENDING');
      }
    };
    expect((await pool.query(whoAmI)).rows).toEqual([{ name: app.user.username }]);
    expect(pendingReads).toBe(3);
  });

  test('start over with AWSCURRENT when AWSPENDING was refused as well', async () => {
    const pool = app.pool();
    await app.changePassword();
    await app.put({ ...app.user, password: randomPassword() }, 'AWSPENDING');
    let pendingReads = 0;
    beforeCall = async ({ action, request }) => {
      if (action === 'GetSecretValue' && request.VersionStage === 'AWSPENDING' && ++pendingReads === 2) {
        await app.changePassword(app.user.password);
      }
    };
    expect((await pool.query(whoAmI)).rows).toEqual([{ name: app.user.username }]);
  });

  test('are tried again while Secrets Manager fails', async () => {
    const pool = app.pool({ maxUses: 1 });
    await pool.query(whoAmI);
    await app.put(await app.changePassword());
    let broken = 4; // more than one call with the retries of the SDK
    beforeCall = ({ action }) => {
      if (action === 'GetSecretValue' && broken-- > 0) throw new Error('connection breaks');
    };
    await pool.query(whoAmI);
    expect(broken).toBeLessThan(1);
  });

  test('cost at most one refused login each, however many callers wait', async () => {
    const max = 5;
    const pool = app.pool({ max, maxUses: 1 });
    await many(max, pool);
    const before = app.refusals;
    await app.put(await app.changePassword(), 'AWSPENDING');
    await many(100, pool);
    expect(app.refusals - before).toBeLessThanOrEqual(max);
  });

  test('are made ahead of need, one at a time, for those of an old version, and nobody waits', async () => {
    const pool = app.pool({ max: 4 });
    const born: number[] = [];
    pool.on('connect', () => born.push(pool.totalCount));
    const busy = await pool.connect();
    await many(3, pool);
    const old = new Set<unknown>((await backends(pool)).concat(busy));
    await app.put(await app.changePassword());
    await app.source.refresh();
    const before = app.refusals;
    await until(async () => {
      await pool.query(whoAmI);
      return stats(pool)?.replacements === 3;
    });
    await busy.query(whoAmI); // it still works
    busy.release();
    await until(() => stats(pool)?.replacements === 4);
    const now = await backends(pool);
    expect(now.filter(client => old.has(client))).toEqual([]);
    expect(pool.totalCount).toBe(4);
    expect(app.refusals).toBe(before);
  });
});

describe('a failure that another credential cannot mend', () => {
  test.each([
    ['3D000', 'a database that does not exist', { database: 'no_such_database' }, ''],
    ['53300', 'a full connection limit', {}, 'CONNECTION LIMIT 0'],
  ])('%s, %s, is reported at once', async (code, _, options, attribute) => {
    if (attribute) await app.asSuperuser(`ALTER ROLE ${app.user.username} ${attribute}`);
    await expect(app.pool(options).query(whoAmI)).rejects.toMatchObject({ code });
    expect(app.reads).toBe(1);
  });

  test('a refused connection is reported at once', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    await new Promise(resolve => closed.close(resolve));
    await expect(app.pool({ port }).query(whoAmI)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(app.reads).toBe(1);
  });

  test('a query that was sent is never repeated, even if it fails like a login', async () => {
    await app.asSuperuser(`CREATE SEQUENCE sent; GRANT ALL ON sent TO ${app.user.username}`);
    const pool = app.pool();
    const failing = "do $$ begin perform nextval('sent'); raise exception using errcode = '28P01'; end $$";
    await expect(pool.query(failing)).rejects.toMatchObject({ code: '28P01' });
    expect((await pool.query("select nextval('sent')::int as n")).rows).toEqual([{ n: 2 }]);
  });

  test('a password that stays wrong ends in an error that names the secret and the host, and no password', async () => {
    const wrong = { ...app.user, password: randomPassword() };
    await app.put(wrong);
    await app.source.current(); // the budget is that of the login
    const pool = app.pool({ loginBudgetMillis: 200 });
    const error: Error = await pool.query(whoAmI).then(
      () => {
        throw new Error('logged in');
      },
      caught => caught,
    );
    expect(error).toMatchObject({ code: 'Authentication', cause: { code: '28P01' } });
    expect(error.message).toContain(app.secretArn);
    expect(error.message).toContain('localhost');
    for (const { password } of [wrong, app.user]) {
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(password);
    }
    expect(pool.totalCount).toBe(0);
  });

  test('without Secrets Manager no connection is opened, and the error says why', async () => {
    let connections = 0;
    const database = createServer(() => connections++).listen(0, '127.0.0.1');
    await once(database, 'listening');
    beforeCall = () => {
      throw new Error('connection breaks');
    };
    const pool = app.pool({ host: '127.0.0.1', port: (database.address() as AddressInfo).port });
    const results = await Promise.allSettled(Array.from({ length: 40 }, () => pool.query(whoAmI)));
    for (const result of results) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { code: 'SecretsManager', message: expect.stringContaining(app.secretArn) },
      });
    }
    expect(connections).toBe(0);
    expect(pool.totalCount).toBe(0);
    await new Promise(resolve => database.close(resolve));

    beforeCall = undefined;
    await app.pool().query(whoAmI); // nothing of the failure is kept
  });

  test('a secret that lacks a field is reported with the field', async () => {
    await app.put({ username: app.user.username, password: '' });
    await expect(app.pool().query(whoAmI)).rejects.toMatchObject({
      code: 'InvalidSecret',
      message: expect.stringContaining('"password"'),
    });
  });
});
