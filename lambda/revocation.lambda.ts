import type { Context } from 'aws-lambda';
import { PostgresDatabase } from './postgres/session/postgres-database';
import { parseRevocation } from './revocation/revocation-request';
import { type Revocation, revoke } from './revocation/revoke';
import { invocation } from './runtime/invocation';
import { lambdaDeadline } from './runtime/lambda-deadline';
import { settingsOf } from './runtime/settings';
import { SecretsManagerStore } from './secrets-manager/store';

/** The revocation function. An operator or an automation invokes it after a credential has leaked. */
export async function handler(event: unknown, context: Context): Promise<Revocation> {
  return invocation(context, async setLogContext => {
    const secretId = parseRevocation(event);
    setLogContext({ step: 'revoke', secretId });
    const limits = { deadline: lambdaDeadline(context), settings: settingsOf(process.env) };
    return revoke(secretId, {
      ...limits,
      store: new SecretsManagerStore(limits.deadline),
      database: new PostgresDatabase(limits),
    });
  });
}
