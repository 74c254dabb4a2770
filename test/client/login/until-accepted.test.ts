import type { Login } from '../../../client/src/login/login';
import { mayBeTriedAgain, NotAdmitted, untilAccepted } from '../../../client/src/login/until-accepted';

const failure = (code: string) => Object.assign(new Error(code), { code });

test('connects again, after an admission each, while the credential is refused or another login is tried', async () => {
  const order: string[] = [];
  const outcomes = [failure('28P01'), failure('28000'), new NotAdmitted(), 'connected'];
  const login = {
    admission: (until: number) => {
      order.push(`admission ${until}`);
      return Promise.resolve();
    },
  } as unknown as Login;
  const connected = await untilAccepted(login, 7, () => {
    order.push('connect');
    const outcome = outcomes.shift()!;
    return typeof outcome === 'string' ? Promise.resolve(outcome) : Promise.reject(outcome);
  });
  expect(connected).toBe('connected');
  expect(order).toEqual(Array.from({ length: 4 }, () => ['admission 7', 'connect']).flat());
});

test('without an admission nothing is connected', async () => {
  const connect = jest.fn();
  const login = { admission: () => Promise.reject(failure('Authentication')) } as unknown as Login;
  await expect(untilAccepted(login, 7, connect)).rejects.toMatchObject({ code: 'Authentication' });
  expect(connect).not.toHaveBeenCalled();
});

// A role without a connection to spare, a server that does not trust, or one that is gone: no credential mends these.
test.each(['53300', '3D000', 'Scram', 'ECONNRESET', 'Authentication'])('%s is not tried again', async code => {
  const connect = jest.fn().mockRejectedValueOnce(failure(code)).mockResolvedValue('connected');
  const login = { admission: () => Promise.resolve() } as unknown as Login;
  await expect(untilAccepted(login, 7, connect)).rejects.toMatchObject({ code });
  expect(connect).toHaveBeenCalledTimes(1);
  expect(mayBeTriedAgain(failure(code))).toBe(false);
});
