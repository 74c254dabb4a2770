import { EventEmitter } from 'node:events';
import type pg from 'pg';
import type { Login } from '../../../client/src/login/login';
import type { RotatingClients } from '../../../client/src/login/rotating-client';
import { Gate } from '../../../client/src/pool/gate';
import { Members } from '../../../client/src/pool/members';
import { Spares } from '../../../client/src/pool/spares';

const log: string[] = [];
let idle: pg.PoolClient[];
let spare: pg.Client;
let gate: Gate;
let members: Members;
let spares: Spares;

/** A connection that says what is done with it, and closes some ticks after it was told to. */
function connection(name: string): pg.PoolClient {
  const client = Object.assign(new EventEmitter(), {
    name,
    release: (destroy?: boolean) => {
      log.push(`${destroy ? 'close' : 'release'} ${name}`);
      if (destroy) {
        setImmediate(() => {
          log.push(`closed ${name}`);
          client.emit('end');
        });
      } else {
        idle.push(client as unknown as pg.PoolClient);
      }
    },
  });
  return client as unknown as pg.PoolClient;
}

const outdated = new Set<unknown>();
beforeEach(() => {
  log.length = 0;
  outdated.clear();
  idle = ['a', 'b', 'c'].map(connection);
  spare = connection('spare') as unknown as pg.Client;
  let handedOver: pg.Client | undefined;
  const pool = {
    options: {},
    idleCount: () => idle.length,
    connect: () => {
      const client = idle.shift() ?? (handedOver as pg.PoolClient);
      log.push(`connect ${(client as unknown as { name: string }).name}${gate.tryEnter() ? ', the gate open' : ''}`);
      return Promise.resolve(client);
    },
  };
  const clients = {
    handOver: (client: pg.Client | undefined) => {
      handedOver = client;
    },
  } as unknown as RotatingClients;
  const login = {} as unknown as Login;
  gate = new Gate(3);
  members = new Members(login, 0, () => {});
  jest.spyOn(members, 'isOutdated').mockImplementation(client => outdated.has(client));
  spares = new Spares(pool, gate, members, login, clients);
});

test('the spare takes the place of the connection that is out of date, behind a closed gate', async () => {
  outdated.add(idle[1]);
  expect(await spares.swap(spare)).toBe(true);
  expect(log).toEqual([
    ...['connect a', 'connect b', 'connect c'],
    ...['close b', 'connect spare', 'release a', 'release c'],
    ...['release spare', 'closed b'],
  ]);
  expect(gate.tryEnter()).toBe(true);
});

test('none is closed where none is out of date', async () => {
  expect(await spares.swap(spare)).toBe(false);
  expect(log.filter(line => !/^(connect|release) [abc]$/.test(line))).toEqual([]);
  expect(idle).toHaveLength(3);
});

test('without a spare one that is out of date is closed', async () => {
  outdated.add(idle[0]);
  expect(await spares.swap()).toBe(true);
  expect(log).toContain('closed a');
  expect(idle).toHaveLength(2);
});

test('the next one may be connected when the old one is gone', async () => {
  outdated.add(idle[0]);
  await spares.swap(spare);
  expect(log.at(-1)).toBe('closed a');
});
