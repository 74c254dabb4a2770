import type { Context } from 'aws-lambda';
import { invocation } from './invocation';
import { lambdaDeadline } from './lambda-deadline';
import { PostgresDatabase } from './postgres/database';
import { parseRevocation } from './revocation/request';
import { type Revocation, revoke } from './revocation/revoke';
import { SecretsManagerStore } from './secrets-manager/store';
import { settingsOf } from './settings';

/** The revocation function: a person, or an automation, invokes it when a credential has leaked. */
export async function handler(event: unknown, context: Context): Promise<Revocation> {
  return invocation(context, async about => {
    const secretId = parseRevocation(event);
    about({ step: 'revoke', secretId });
    const limits = { deadline: lambdaDeadline(context), settings: settingsOf(process.env) };
    return revoke(secretId, {
      ...limits,
      store: new SecretsManagerStore(limits.deadline),
      database: new PostgresDatabase(limits),
    });
  });
}
