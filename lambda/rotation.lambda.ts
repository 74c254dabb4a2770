import type { Context } from 'aws-lambda';
import { PostgresDatabase } from './postgres/postgres-database';
import { parseEvent } from './rotation/event';
import { rotate } from './rotation/rotate';
import { KnownRotations } from './rotation/rotation-cache';
import { invocation } from './runtime/invocation';
import { lambdaDeadline } from './runtime/lambda-deadline';
import { settingsOf } from './runtime/settings';
import { SecretsManagerStore } from './secrets-manager/store';

const known = new KnownRotations();

/** The rotation function: Secrets Manager invokes it for each step of a rotation. */
export async function handler(event: unknown, context: Context): Promise<void> {
  return invocation(context, async about => {
    const rotation = parseEvent(event);
    about(rotation);
    const { invokedFunctionArn: functionArn } = context;
    const limits = { deadline: lambdaDeadline(context), settings: settingsOf(process.env) };
    const store = new SecretsManagerStore(limits.deadline);
    const database = new PostgresDatabase(limits);
    await rotate(rotation, { ...limits, store, database, known, functionArn });
  });
}
