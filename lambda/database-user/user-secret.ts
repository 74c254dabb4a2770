import { isDeepStrictEqual } from 'node:util';
import type { PasswordUser } from './user-request';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { type Credential, parseSecretValue } from '../../client/src/shared/secret-value';
import { ErrorCode, MERGED_STAGE, type SecretValue, StagingLabel } from '../../src/contract';
import type { Deadline } from '../ports/deadline';
import type { SecretStore } from '../ports/secret-store';

const ROTATION_POLL_MS = 2_000;

/**
 * The secret of a user, with what deploy time knows put beside what rotation owns: the user name of the moment and the
 * password.
 */
export interface UserSecret {
  readonly credential: Credential;
  /** The fields to store. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Whether they differ from what is stored. */
  readonly changed: boolean;
  readonly versionId: string;
  /** Whether AWSPENDING is still on the current version, where AWS's own functions leave it. */
  readonly stillPending: boolean;
}

/** Reads the secret once no rotation is under way, for that is about to replace what is read. */
export async function readUserSecret(
  store: SecretStore,
  deadline: Deadline,
  properties: PasswordUser,
): Promise<UserSecret> {
  const { secretArn } = properties;
  const { versionId, stillPending } = await settledVersion(store, deadline, secretArn);
  const value = await store.read(secretArn, { stage: StagingLabel.CURRENT, versionId });
  const label = `${secretArn} AWSCURRENT`;
  const { username } = properties; // which a value has only once it was merged
  const deployed = deployedFields(properties);
  parseSecretValue(value, label, { username, ...deployed }); // refuses what is no JSON object, without quoting it
  const stored = JSON.parse(value!);
  const { masterarn, ...rest } = { username, ...stored, ...deployed };
  const fields = properties.strategy === 'alternating' ? { ...rest, masterarn } : rest;
  const credential = parseSecretValue(JSON.stringify(fields), label);
  return { credential, fields, changed: !isDeepStrictEqual(fields, stored), versionId, stillPending };
}

/**
 * Makes the merged fields current, on condition that the version that was read still is: Secrets Manager refuses to
 * move AWSCURRENT from a version that does not have it, so that a rotation in between is never undone. AWSPENDING may
 * not stay behind on what is then no longer current: it would pass for an unfinished rotation.
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

/** The current version, once no other one is pending. */
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
