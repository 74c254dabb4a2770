import { type AdminPorts, logInAsAdmin } from '../admin';
import { readUserSecret, type UserSecret, writeUserSecret } from './user-secret';
import { RotatingPostgresError } from '../../client/src/errors';
import type { Credential } from '../../client/src/secret-value';
import { type DatabaseUserProperties, ErrorCode } from '../../src/contract';
import { isRefusedLogin, lacksPrivilege } from '../errors';
import type { SecretVersion } from '../ports/database';
import type { SecretStore } from '../ports/secret-store';
import { connect, type Connection, type Limits } from '../postgres/connection';
import { provideDatabase, provideLogin } from '../postgres/users';
import { isRevoked, versionAt } from '../rotation/due';
import { pairOf } from '../rotation/pair';
import type { Settings } from '../settings';

export interface Ports extends Limits {
  readonly store: SecretStore;
  readonly settings: Settings;
}

/**
 * Brings the user in the database, and its secret, to what the template declares. Running it again changes nothing more.
 *
 * @param requestId the id of the secret's version, should one have to be written
 */
export async function provide(properties: DatabaseUserProperties, requestId: string, ports: Ports): Promise<void> {
  const { store, deadline } = ports;
  const { secretArn, adminSecretArn } = properties;
  const secret = await readUserSecret(store, deadline, properties);
  checkUsername(properties, secret.credential);
  const database: AdminPorts<Connection>['database'] = { open: (credential, purpose) => connect(credential, purpose, ports) };
  const admin = await logInAsAdmin({ ...ports, database }, secret.credential, adminSecretArn);
  try {
    const version = versionOf(properties, requestId, secret, store);
    await provideLogin(admin, version, pairOf(properties.username), secret.credential, () => logsIn(secret.credential, ports));
    await provideDatabase(admin, properties);
  } finally {
    await admin.close();
  }
  await writeUserSecret(store, secretArn, requestId, secret);
}

/** The version that is current in the end. */
function versionOf({ secretArn }: DatabaseUserProperties, requestId: string, { changed, versionId }: UserSecret, store: SecretStore): SecretVersion {
  return {
    arn: secretArn,
    version: changed ? requestId : versionId,
    replaces: versionId,
    async confirm() {
      const description = await store.describe(secretArn);
      if (versionAt('AWSCURRENT', description) === versionId && !isRevoked(versionId, description)) return;
      throw new RotatingPostgresError(ErrorCode.NOT_PENDING, `${secretArn}: its version ${versionId} was revoked or replaced in the meantime; deploy again`);
    },
  };
}

/** Either of the two logins may be current; with anybody else's name in the secret the admin would change their password. */
function checkUsername({ secretArn, username }: DatabaseUserProperties, current: Credential): void {
  const { owner, alternate } = pairOf(username);
  if (current.username !== owner && current.username !== alternate) {
    throw new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${secretArn} AWSCURRENT: username is "${current.username}" and must be "${owner}"`);
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
