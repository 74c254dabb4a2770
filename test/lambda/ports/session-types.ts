import type { LoginDatabase, UserDatabase } from '../../../lambda/ports/database';
import type { SecretStore } from '../../../lambda/ports/secret-store';
import type {
  ConsumerSession,
  DatabaseAdmin,
  LoginAdmin,
  LoginSession,
  UserAdmin,
} from '../../../lambda/ports/sessions';
import type { StagingLabel } from '../../../src/contract';

// The type check of `npm test` compiles this file, and fails where something here does compile.

/** Which methods a session has, so that a new one has to be put where it belongs. */
type Methods<Session, Names> = [keyof Session] extends [Names]
  ? [Names] extends [keyof Session]
    ? true
    : false
  : false;

export const METHODS: {
  consumer: Methods<ConsumerSession, 'identity' | 'server' | 'close'>;
  login: Methods<LoginSession, 'changeOwnPassword' | 'transferOwnership' | 'close'>;
  databaseAdmin: Methods<DatabaseAdmin, 'grantAccess' | 'close'>;
} = { consumer: true, login: true, databaseAdmin: true };

/** What a credential may not do. */
export function refused(
  consumer: ConsumerSession,
  login: LoginSession,
  rotation: LoginAdmin,
  users: UserAdmin,
  application: DatabaseAdmin,
  databases: { readonly rotation: LoginDatabase; readonly users: UserDatabase },
  store: SecretStore,
): unknown[] {
  const [pair, secret] = [
    { owner: 'app', alternate: 'app_clone' },
    { arn: 'arn', version: 'v' },
  ];
  return [
    // @ts-expect-error a consumer changes no password
    consumer.changeOwnPassword('app', 'password', { arn: 'arn', application: true }),
    // @ts-expect-error a consumer is not the admin
    consumer.setPassword(secret, 'app', 'password'),
    // @ts-expect-error a consumer gives nothing away
    consumer.transferOwnership(pair, 'COMMIT'),
    // @ts-expect-error a login changes no other login
    login.setPassword(secret, 'app', 'password'),
    // @ts-expect-error a login revokes nothing
    login.revokeLogins(pair, 'arn', () => undefined),
    // @ts-expect-error a login ends no sessions
    login.endSessions('app'),
    // @ts-expect-error a login creates no users
    login.createIamLogin('app', 'maker'),
    // @ts-expect-error the admin has no password of its own to change in a rotation
    rotation.changeOwnPassword('app', 'password', { arn: 'arn', application: true }),
    // @ts-expect-error the admin gives away nothing of the alternate's, which only the alternate can
    rotation.transferOwnership(pair, 'COMMIT'),
    // @ts-expect-error a rotation drops no user
    rotation.dropUser('app', ['app']),
    // @ts-expect-error a rotation enters no database of an application as the admin
    rotation.enterDatabase('app'),
    // @ts-expect-error the user resource revokes nothing
    users.revokeLogins(pair, 'arn', () => undefined),
    // @ts-expect-error access is given in the application's database, not in the maintenance database
    users.grantAccess('app'),
    // @ts-expect-error no password is set where an application makes the rules
    application.setPassword(secret, 'app', 'password'),
    // @ts-expect-error no user is created where an application makes the rules
    application.createIamLogin('app', 'maker'),
    // @ts-expect-error no role is dropped where an application makes the rules
    application.dropUser('app', ['app']),
    // @ts-expect-error nobody sends SQL of their own
    application.query('SELECT 1'),
    // @ts-expect-error a rotation does not ask who else logs in
    databases.rotation.logsIn({}),
    // @ts-expect-error a session has a kind
    databases.users.open({}),
    // @ts-expect-error no staging label
    store.read('secret', { stage: 'AWSCURENT' }),
    // @ts-expect-error a new version is never current at once
    store.write({ secretId: 'secret', token: 'v', value: '{}', stage: 'AWSCURRENT' }),
    // @ts-expect-error only a revocation gives a label
    store.label('secret', 'v', 'AWSPREVIOUS' satisfies StagingLabel),
  ];
}
