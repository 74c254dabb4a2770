import { logInAsAdmin } from '../admin';
import { readUserSecret, writeUserSecret } from './user-secret';
import { RotatingPostgresError } from '../../client/src/errors';
import type { Credential } from '../../client/src/secret-value';
import { type DatabaseUserProperties, ErrorCode } from '../../src/contract';
import { isRefusedLogin, lacksPrivilege } from '../errors';
import type { Deadline } from '../ports/deadline';
import type { SecretStore } from '../ports/secret-store';
import { connect } from '../postgres/connection';
import { provideDatabase, provideLogin } from '../postgres/users';
import { pairOf } from '../rotation/pair';

export interface Ports {
  readonly store: SecretStore;
  readonly deadline: Deadline;
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
  const admin = await logInAsAdmin({ ...ports, database: { open: connect } }, secret.credential, adminSecretArn);
  try {
    await provideLogin(admin, secretArn, pairOf(properties.username), secret.credential, () => logsIn(secret.credential));
    await provideDatabase(admin, properties);
  } finally {
    await admin.close();
  }
  await writeUserSecret(store, secretArn, requestId, secret);
}

/** Either of the two logins may be current; with anybody else's name in the secret the admin would change their password. */
function checkUsername({ secretArn, username }: DatabaseUserProperties, current: Credential): void {
  const { owner, alternate } = pairOf(username);
  if (current.username !== owner && current.username !== alternate) {
    throw new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${secretArn} AWSCURRENT: username is "${current.username}" and must be "${owner}"`);
  }
}

async function logsIn(credential: Credential): Promise<boolean> {
  try {
    await (await connect(credential, 'administer')).close();
    return true;
  } catch (error) {
    if (lacksPrivilege(error)) return true; // it logged in, and may not use the maintenance database
    if (isRefusedLogin(error)) return false;
    throw error;
  }
}
