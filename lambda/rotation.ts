import type { Context } from 'aws-lambda';
import { reported } from './errors';
import { lambdaDeadline } from './lambda-deadline';
import { log } from './log';
import { passwordPolicy } from './password';
import { PostgresDatabase } from './postgres/database';
import { parseEvent } from './rotation/event';
import { KnownRotations } from './rotation/known';
import { rotate } from './rotation/rotate';
import { SecretsManagerStore } from './secrets-manager/store';

const store = new SecretsManagerStore();
const database = new PostgresDatabase();
const known = new KnownRotations();

/** The rotation function: Secrets Manager invokes it for each step of a rotation. */
export async function handler(event: unknown, context: Context): Promise<void> {
  try {
    const { invokedFunctionArn: functionArn } = context;
    const deadline = lambdaDeadline(context);
    await rotate(parseEvent(event), { store, database, known, functionArn, deadline, passwords: passwordPolicy(process.env) });
  } catch (error) {
    const failure = reported(error);
    log.error(failure.message, { code: failure.name });
    throw failure;
  }
}
