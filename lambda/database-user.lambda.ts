import type { Context } from 'aws-lambda';
import { provide } from './database-user/provide';
import { remove } from './database-user/remove';
import { parseRequest, physicalId } from './database-user/user-request';
import { PostgresDatabase } from './postgres/session/postgres-database';
import { invocation } from './runtime/invocation';
import { lambdaDeadline } from './runtime/lambda-deadline';
import { settingsOf } from './runtime/settings';
import { SecretsManagerStore } from './secrets-manager/store';

/**
 * The function of the database-user custom resource. The CDK Provider framework invokes it, and sends the response to
 * CloudFormation.
 */
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
