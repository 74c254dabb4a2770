import { isDeepStrictEqual } from 'node:util';
import type { PasswordUser } from './user-request';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { type Credential, parseSecretValue } from '../../client/src/shared/secret-value';
import { ErrorCode, MERGED_STAGE, type SecretValue, StagingLabel } from '../../src/contract';
import type { Deadline } from '../ports/deadline';
import type { SecretStore } from '../ports/secret-store';

const ROTATION_POLL_MS = 2_000;

/**
 * The secret of a user: the fields that deployment sets, merged with the current user name and password, which rotation
 * sets.
 */
export interface UserSecret {
  readonly credential: Credential;
  /** The merged fields. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Whether the fields differ from the stored ones. */
  readonly changed: boolean;
  readonly versionId: string;
  /** Whether AWSPENDING is still on the current version. AWS's own functions leave it there. */
  readonly stillPending: boolean;
}

/** Reads the secret, after waiting for a running rotation, which is about to replace the value. */
export async function readUserSecret(
  store: SecretStore,
  deadline: Deadline,
  properties: PasswordUser,
): Promise<UserSecret> {
  const { secretArn } = properties;
  const { versionId, stillPending } = await settledVersion(store, deadline, secretArn);
  const value = await store.read(secretArn, { stage: StagingLabel.CURRENT, versionId });
  const label = `${secretArn} AWSCURRENT`;
  const { username } = properties; // the stored value has a username only after the first merge
  const deployed = deployedFields(properties);
  // refuses a value that is not a JSON object, without quoting it
  parseSecretValue(value, label, { username, ...deployed });
  const stored = JSON.parse(value!);
  const { masterarn, ...rest } = { username, ...stored, ...deployed };
  const fields = properties.strategy === 'alternating' ? { ...rest, masterarn } : rest;
  const credential = parseSecretValue(JSON.stringify(fields), label);
  return { credential, fields, changed: !isDeepStrictEqual(fields, stored), versionId, stillPending };
}

/**
 * Makes the merged fields AWSCURRENT, provided that the version that was read still is. Secrets Manager refuses to move
 * AWSCURRENT from a version that does not have it, so that a rotation in the meantime is never undone. AWSPENDING must
 * not stay on the old version, where it would look like an unfinished rotation.
 */
export async function writeUserSecret(
  store: SecretStore,
  secretId: string,
  requestId: string,
  secret: UserSecret,
): Promise<void> {
  if (!secret.changed) return;
  await store.write({ secretId, token: requestId, stage: MERGED_STAGE, value: JSON.stringify(secret.fields) });
  if (secret.stillPending) await store.removePending(secretId, secret.versionId);
  await store.makeCurrent(secretId, requestId, secret.versionId);
}

function deployedFields(properties: PasswordUser): Partial<SecretValue> {
  const { engine, host, port, database, dbInstanceIdentifier, adminSecretArn, strategy } = properties;
  return {
    engine,
    host,
    port: Number(port),
    dbname: database,
    ...(dbInstanceIdentifier === undefined ? {} : { dbInstanceIdentifier }),
    ...(strategy === 'alternating' ? { masterarn: adminSecretArn } : {}),
  };
}

/**
 * The current version, once no other version is pending.
 *
 * @throws with code `NotPending` when a rotation has not finished before the deadline
 */
async function settledVersion(
  store: SecretStore,
  deadline: Deadline,
  secretId: string,
): Promise<Pick<UserSecret, 'versionId' | 'stillPending'>> {
  for (;;) {
    const { stages } = await store.describe(secretId);
    const holding = (label: string) => Object.keys(stages).find(version => stages[version].includes(label));
    const [current, pending] = [holding(StagingLabel.CURRENT), holding(StagingLabel.PENDING)];
    if (current === undefined) {
      throw new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${secretId}: no version is AWSCURRENT`);
    }
    if (pending === undefined || pending === current) {
      return { versionId: current, stillPending: pending !== undefined };
    }
    if (!(await deadline.wait(ROTATION_POLL_MS))) {
      throw new RotatingPostgresError(
        ErrorCode.NOT_PENDING,
        `${secretId}: a rotation is under way (version ${pending}); deploy again when it has ended`,
      );
    }
  }
}
