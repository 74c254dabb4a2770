import type { Context } from 'aws-lambda';
import { provide } from './database-user/provide';
import { remove } from './database-user/remove';
import { parseRequest, physicalId } from './database-user/user-request';
import { PostgresDatabase } from './postgres/session/postgres-database';
import { invocation } from './runtime/invocation';
import { lambdaDeadline } from './runtime/lambda-deadline';
import { settingsOf } from './runtime/settings';
import { SecretsManagerStore } from './secrets-manager/store';

/** The custom resource's function: the Provider framework invokes it, and answers CloudFormation in its place. */
export async function handler(event: unknown, context: Context): Promise<{ PhysicalResourceId: string }> {
  return invocation(context, async setLogContext => {
    const request = parseRequest(event);
    setLogContext({ step: request.type, secretId: request.properties?.secretArn });
    const limits = { deadline: lambdaDeadline(context), settings: settingsOf(process.env) };
    const store = new SecretsManagerStore(limits.deadline);
    const ports = { ...limits, store, database: new PostgresDatabase(limits) };
    if (request.type === 'Delete') {
      await remove(request, ports);
      return { PhysicalResourceId: request.physicalId };
    }
    await provide(request, ports);
    return { PhysicalResourceId: physicalId(request.properties) };
  });
}
