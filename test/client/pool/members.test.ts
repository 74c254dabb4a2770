import { EventEmitter } from 'node:events';
import type pg from 'pg';
import type { Login } from '../../../client/src/login/login';
import { Members } from '../../../client/src/pool/members';

/** A client that no login made has no version: it is out of date unless the login says that none is. */
let isNewest: boolean;
const login = { isNewest: () => isNewest } as unknown as Login;
const client = () => new EventEmitter() as unknown as pg.Client;
beforeEach(() => {
  isNewest = true;
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('a connection is out of date when its version is not the newest', () => {
  const members = new Members(login, 0, () => {});
  const [one, other] = [client(), client()];
  members.add(one);
  members.add(other);
  expect(members.outdated()).toBe(0);
  isNewest = false;
  expect(members.outdated()).toBe(2);
  expect(members.isOutdated(one)).toBe(true);
  members.delete(one);
  expect(members.outdated()).toBe(1);
});

test('or when its lifetime is over, which is reported once', () => {
  const expired = jest.fn();
  const members = new Members(login, 1_000, expired);
  const [older, newer] = [client(), client()];
  members.add(older);
  jest.advanceTimersByTime(999);
  members.add(newer);
  expect(members.outdated()).toBe(0);
  jest.advanceTimersByTime(1);
  expect([older, newer].map(each => members.isOutdated(each))).toEqual([true, false]);
  expect(expired).toHaveBeenCalledTimes(1);
});

test('a connection that has ended has no timer, and one without a lifetime never had', () => {
  const members = new Members(login, 1_000, () => {});
  const one = client();
  members.add(one);
  one.emit('end');
  new Members(login, 0, () => {}).add(client());
  expect(jest.getTimerCount()).toBe(0);
});
