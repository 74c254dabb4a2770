import type { Context } from 'aws-lambda';
import { invocation } from './invocation';
import { lambdaDeadline } from './lambda-deadline';
import { PostgresDatabase } from './postgres/database';
import { parseEvent } from './rotation/event';
import { KnownRotations } from './rotation/known';
import { rotate } from './rotation/rotate';
import { SecretsManagerStore } from './secrets-manager/store';
import { settingsOf } from './settings';

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
