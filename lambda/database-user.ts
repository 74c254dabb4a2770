import type { Context } from 'aws-lambda';
import { provide } from './database-user/provide';
import { parseRequest, physicalId } from './database-user/request';
import { invocation } from './invocation';
import { lambdaDeadline } from './lambda-deadline';
import { log } from './log';
import { SecretsManagerStore } from './secrets-manager/store';
import { settingsOf } from './settings';

/** The custom resource's function: the Provider framework invokes it, and answers CloudFormation in its place. */
export async function handler(event: unknown, context: Context): Promise<{ PhysicalResourceId: string }> {
  return invocation(context, async about => {
    const request = parseRequest(event);
    about({ step: request.type, secretId: request.type === 'Delete' ? undefined : request.properties.secretArn });
    if (request.type === 'Delete') {
      // The role owns what the application created: it stays with the database, or goes with it.
      log.info('the user stays in the database', { user: request.physicalId });
      return { PhysicalResourceId: request.physicalId };
    }
    const deadline = lambdaDeadline(context);
    await provide(request.properties, request.id, { store: new SecretsManagerStore(deadline), deadline, settings: settingsOf(process.env) });
    return { PhysicalResourceId: physicalId(request.properties) };
  });
}
