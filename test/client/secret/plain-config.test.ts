import pg from 'pg';
import { rotatingPool } from '../../../client/src/pool/rotating-pool';
import { Env } from '../../../src/contract';

const warned: string[] = [];
const logger = { info: () => {}, warn: (message: string) => void warned.push(message), error: () => {} };
const pools: pg.Pool[] = [];
const sslOf = (text: string): unknown => {
  process.env[Env.DATABASE_URL] = text;
  const pool = rotatingPool({ logger });
  pools.push(pool);
  return new pg.Client(pool.options).ssl;
};
beforeEach(() => {
  warned.length = 0;
});
afterEach(async () => {
  delete process.env[Env.DATABASE_URL];
  await Promise.all(pools.splice(0).map(pool => pool.end()));
});

test.each(['localhost', '127.0.0.1', '[::1]', 'db'])('to %s it is as the string says', host => {
  expect(sslOf(`postgres://app:secret@${host}/orders`)).toBe(false);
  expect(sslOf(`postgres://app:secret@${host}/orders?sslmode=disable`)).toBe(false);
  expect(warned).toEqual([]);
});

test.each([
  'postgres://app:secret@db.example.com/orders',
  'postgres://app:secret@10.0.0.1/orders',
  'postgres://localhost/orders?host=db.example.com',
  'postgres://app:secret@localhost.example.com/orders',
  'postgres://app:secret@127.0.0.1.example.com/orders',
])('to another host it is verified where the string does not say: %s', text => {
  expect(sslOf(text)).toMatchObject({ rejectUnauthorized: true, secureContext: expect.anything() });
  expect(warned).toEqual([]);
});

test.each([
  'sslmode=disable',
  'sslmode=no-verify',
  'ssl=0',
  'sslmode=require&uselibpqcompat=true',
  'sslmode=prefer&uselibpqcompat=true',
])('to another host, %s holds and is warned of', query => {
  const ssl = sslOf(`postgres://app:secret@db.example.com/orders?${query}`);
  expect(ssl === false || (ssl as { rejectUnauthorized: boolean }).rejectUnauthorized === false).toBe(true);
  expect(warned).toEqual([expect.stringContaining('db.example.com')]);
  expect(warned[0]).not.toContain('secret');
});

test('to another host, sslmode=verify-full is not warned of', () => {
  expect(sslOf('postgres://app:secret@db.example.com/orders?sslmode=verify-full')).toEqual({});
  expect(warned).toEqual([]);
});
