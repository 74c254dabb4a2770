import { adminOf, enter, type Ports } from './connect-as-admin';
import { accessOf } from './grants';
import { dropOwn } from './remove';
import { type Change, hasPassword, type PasswordUser } from './user-request';
import { readUserSecret, type UserSecret, writeUserSecret } from './user-secret';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import type { Credential } from '../../client/src/shared/secret-value';
import { ErrorCode } from '../../src/contract';
import { pairOf } from '../credential/login-pair';
import { isRevoked, versionAt } from '../credential/version-stages';
import type { SecretVersion } from '../ports/database';
import { isRefusedLogin, lacksPrivilege } from '../ports/error-predicates';
import type { SecretStore } from '../ports/secret-store';
import { connect, type Connection, type Limits } from '../postgres/connection';
import { createDatabase } from '../postgres/sql/create-database';
import { createIamLogin } from '../postgres/sql/create-iam-login';
import { createLogin } from '../postgres/sql/create-login';
import { grantAccess } from '../postgres/sql/grant-access';
import { grantDatabase } from '../postgres/sql/grant-database';
import { queryRoles } from '../postgres/sql/read-roles';
import { log } from '../runtime/log';

/**
 * Brings the user in the database, and its secret, to what the template declares. Running it again changes nothing
 * more. Where that fails, a user that was not there before is not there after.
 */
export async function provide(change: Change, ports: Ports): Promise<void> {
  const { properties } = change;
  const { username } = properties;
  const finish = hasPassword(properties) ? await preparePassword(properties, change.id, ports) : undefined;
  const admin = await adminOf(properties, ports);
  try {
    const isNew = !(await queryRoles(admin, { owner: username, alternate: username })).owner;
    try {
      for (const { database, privileges } of change.grants) await createDatabase(admin, database, privileges);
      if (finish) await finish.login(admin);
      else await createIamLogin(admin, username, change.maker);
      await provideGrants(admin, change, ports);
      await finish?.secret();
    } catch (error) {
      if (isNew) {
        await dropOwn(admin, change, ports).catch(failure =>
          log.warn('the new user could not be dropped again', { user: username, reason: failure.message }),
        );
      }
      throw error;
    }
  } finally {
    await admin.close();
  }
}

/** In each database, what is declared now, without what was declared before and is not now. */
async function provideGrants(
  admin: Connection,
  { properties: { username }, grants, former }: Change,
  limits: Limits,
): Promise<void> {
  for (const database of new Set([...grants, ...former].map(grant => grant.database))) {
    const [declared, before] = [grants, former].map(all => all.find(grant => grant.database === database));
    const isThere = await grantDatabase(admin, username, database, declared?.privileges, before?.privileges);
    const [access, formerAccess] = [accessOf(declared), accessOf(before)];
    if (isThere && (access || formerAccess)) {
      const there = await enter(admin, database, limits);
      try {
        await grantAccess(there, username, access, formerAccess);
      } finally {
        await there.close();
      }
    }
  }
}

/**
 * What is to be done for a user with a password, once its secret is read: in the database, and after that to the
 * secret.
 */
async function preparePassword(properties: PasswordUser, requestId: string, ports: Ports) {
  const { store, deadline } = ports;
  const secret = await readUserSecret(store, deadline, properties);
  checkUsername(properties, secret.credential);
  return {
    login: (admin: Connection) =>
      createLogin(
        admin,
        versionOf(properties, requestId, secret, store),
        pairOf(properties.username),
        secret.credential,
        () => logsIn(secret.credential, ports),
      ),
    secret: () => writeUserSecret(store, properties.secretArn, requestId, secret),
  };
}

/** The version that is current in the end. */
function versionOf(
  { secretArn }: PasswordUser,
  requestId: string,
  { changed, versionId }: UserSecret,
  store: SecretStore,
): SecretVersion {
  return {
    arn: secretArn,
    version: changed ? requestId : versionId,
    replaces: versionId,
    async confirm() {
      const description = await store.describe(secretArn);
      if (versionAt('AWSCURRENT', description) === versionId && !isRevoked(versionId, description)) return;
      throw new RotatingPostgresError(
        ErrorCode.NOT_PENDING,
        `${secretArn}: its version ${versionId} was revoked or replaced in the meantime; deploy again`,
      );
    },
  };
}

/**
 * Either of the two logins may be current; with anybody else's name in the secret the admin would change their
 * password.
 */
function checkUsername({ secretArn, username }: PasswordUser, current: Credential): void {
  const { owner, alternate } = pairOf(username);
  if (current.username !== owner && current.username !== alternate) {
    throw new RotatingPostgresError(
      ErrorCode.INVALID_SECRET,
      `${secretArn} AWSCURRENT: username is "${current.username}" and must be "${owner}";` +
        ' a user keeps its name, add another one and remove this one later',
    );
  }
}

async function logsIn(credential: Credential, limits: Limits): Promise<boolean> {
  try {
    await (await connect(credential, 'administer', limits)).close();
    return true;
  } catch (error) {
    if (lacksPrivilege(error)) return true; // it logged in, and may not use the maintenance database
    if (isRefusedLogin(error)) return false;
    throw error;
  }
}
