import { type Settings, settingsOf } from '../../../lambda/runtime/settings';

test('without variables, a function may work on any server, retires nothing early, and allows nothing weaker', () => {
  const { passwords: _, ...settings } = settingsOf({});
  expect(settings).toEqual({
    servers: undefined,
    retireAfterSeconds: undefined,
    terminateSessions: false,
    allowMd5: false,
    allowPlaintext: false,
  });
});

test.each<[string, string, Partial<Settings>]>([
  [
    'ROTATING_POSTGRES_SERVERS',
    'Orders.example.com:5432  [::1]:5433',
    { servers: ['orders.example.com:5432', '[::1]:5433'] },
  ],
  ['ROTATING_POSTGRES_RETIRE_AFTER', '0', { retireAfterSeconds: 0 }],
  ['ROTATING_POSTGRES_RETIRE_AFTER', '86400', { retireAfterSeconds: 86400 }],
  ['ROTATING_POSTGRES_TERMINATE_SESSIONS', 'true', { terminateSessions: true }],
  ['ROTATING_POSTGRES_ALLOW_MD5', 'TRUE', { allowMd5: true }],
  ['ROTATING_POSTGRES_ALLOW_PLAINTEXT', 'False', { allowPlaintext: false }],
])('%s is read: %s', (variable, value, expected) => {
  expect(settingsOf({ [variable]: value })).toMatchObject(expected);
});

test.each([
  ['ROTATING_POSTGRES_SERVERS', ''],
  ['ROTATING_POSTGRES_SERVERS', 'orders.example.com'],
  ['ROTATING_POSTGRES_SERVERS', 'orders.example.com:5432,others.example.com:5432'],
  ['ROTATING_POSTGRES_SERVERS', 'postgres://orders.example.com:5432'],
  ['ROTATING_POSTGRES_RETIRE_AFTER', '-1'],
  ['ROTATING_POSTGRES_RETIRE_AFTER', '1.5'],
  ['ROTATING_POSTGRES_RETIRE_AFTER', ''],
  ['ROTATING_POSTGRES_TERMINATE_SESSIONS', 'yes'],
  ['ROTATING_POSTGRES_ALLOW_MD5', '1'],
  ['ROTATING_POSTGRES_ALLOW_PLAINTEXT', ''],
  ['PASSWORD_LENGTH', '3'],
])('%s="%s" is refused by its name', (variable, value) => {
  expect(() => settingsOf({ [variable]: value })).toThrow(
    expect.objectContaining({ code: 'Configuration', message: expect.stringContaining(variable) }),
  );
});
