import { accessOf } from './grants';
import { dropOwn } from './remove';
import { openAdmin, type Ports } from './user-ports';
import { type Change, hasPassword, type PasswordUser } from './user-request';
import { readUserSecret, type UserSecret, writeUserSecret } from './user-secret';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import type { Credential } from '../../client/src/shared/secret-value';
import { ErrorCode, StagingLabel } from '../../src/contract';
import { pairOf } from '../credential/login-pair';
import { isRevoked, versionAt } from '../credential/version-stages';
import type { SecretVersion } from '../ports/logins';
import type { SecretStore } from '../ports/secret-store';
import type { UserAdmin } from '../ports/sessions';
import { log } from '../runtime/log';

/**
 * Creates or updates the user in the database, and its secret, as the template declares. Repeating it changes nothing
 * more. If it fails, a user that it created is dropped again.
 */
export async function provide(change: Change, ports: Ports): Promise<void> {
  const { properties } = change;
  const { username } = properties;
  const finish = hasPassword(properties) ? await preparePassword(properties, change.id, ports) : undefined;
  const admin = await openAdmin(properties, ports);
  try {
    const isNew = !(await admin.readLogins({ owner: username, alternate: username })).owner;
    try {
      for (const { database, privileges } of change.grants) await admin.createDatabase(database, privileges);
      if (finish) await finish.login(admin);
      else await admin.createIamLogin(username, change.maker);
      await provideGrants(admin, change);
      await finish?.secret();
    } catch (error) {
      if (isNew) {
        await dropOwn(admin, change).catch(failure =>
          log.warn('the new user could not be dropped again', { user: username, reason: failure.message }),
        );
      }
      throw error;
    }
  } finally {
    await admin.close();
  }
}

/** In each database: grants what is declared now, and revokes what was declared before and is not any more. */
async function provideGrants(admin: UserAdmin, { properties: { username }, grants, former }: Change): Promise<void> {
  for (const database of new Set([...grants, ...former].map(grant => grant.database))) {
    const [declared, before] = [grants, former].map(all => all.find(grant => grant.database === database));
    const isThere = await admin.grantDatabase(username, database, declared?.privileges, before?.privileges);
    const [access, formerAccess] = [accessOf(declared), accessOf(before)];
    if (isThere && (access || formerAccess)) {
      const there = await admin.enterDatabase(database);
      try {
        await there.grantAccess(username, access, formerAccess);
      } finally {
        await there.close();
      }
    }
  }
}

/** Reads the user's secret and returns the two actions that follow: one in the database, then one on the secret. */
async function preparePassword(properties: PasswordUser, requestId: string, ports: Ports) {
  const { store, database, deadline } = ports;
  const secret = await readUserSecret(store, deadline, properties);
  checkUsername(properties, secret.credential);
  return {
    login: (admin: UserAdmin) =>
      admin.createLogin(
        versionOf(properties, requestId, secret, store),
        pairOf(properties.username),
        secret.credential,
        () => database.logsIn(secret.credential),
      ),
    secret: () => writeUserSecret(store, properties.secretArn, requestId, secret),
  };
}

/** The version that is AWSCURRENT once this deployment has finished. */
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
      if (versionAt(StagingLabel.CURRENT, description) === versionId && !isRevoked(versionId, description)) return;
      throw new RotatingPostgresError(
        ErrorCode.NOT_PENDING,
        `${secretArn}: its version ${versionId} was revoked or replaced in the meantime; deploy again`,
      );
    },
  };
}

/**
 * Either login of the user may be current. With any other name in the secret, the admin would change another role's
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
