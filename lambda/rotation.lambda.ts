import type { Context } from 'aws-lambda';
import { PostgresDatabase } from './postgres/session/postgres-database';
import { parseEvent } from './rotation/event';
import { rotate } from './rotation/rotate';
import { RotationCache } from './rotation/state/rotation-cache';
import { invocation } from './runtime/invocation';
import { lambdaDeadline } from './runtime/lambda-deadline';
import { settingsOf } from './runtime/settings';
import { SecretsManagerStore } from './secrets-manager/store';

const rotationCache = new RotationCache();

/** The rotation function. Secrets Manager invokes it once for each step of a rotation. */
export async function handler(event: unknown, context: Context): Promise<void> {
  return invocation(context, async setLogContext => {
    const rotation = parseEvent(event);
    setLogContext(rotation);
    const { invokedFunctionArn: functionArn } = context;
    const limits = { deadline: lambdaDeadline(context), settings: settingsOf(process.env) };
    const store = new SecretsManagerStore(limits.deadline);
    const database = new PostgresDatabase(limits);
    await rotate(rotation, { ...limits, store, database, rotationCache, functionArn });
  });
}
