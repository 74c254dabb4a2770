import type { Context } from 'aws-lambda';
import { provide } from './database-user/provide';
import { parseRequest, physicalId } from './database-user/request';
import { reported } from './errors';
import { lambdaDeadline } from './lambda-deadline';
import { log } from './log';
import { SecretsManagerStore } from './secrets-manager/store';

const store = new SecretsManagerStore();

/** The custom resource's function: the Provider framework invokes it, and answers CloudFormation in its place. */
export async function handler(event: unknown, context: Context): Promise<{ PhysicalResourceId: string }> {
  try {
    const request = parseRequest(event);
    if (request.type === 'Delete') {
      // The role owns what the application created: it stays with the database, or goes with it.
      log.info('the user stays in the database', { user: request.physicalId });
      return { PhysicalResourceId: request.physicalId };
    }
    await provide(request.properties, request.id, { store, deadline: lambdaDeadline(context) });
    return { PhysicalResourceId: physicalId(request.properties) };
  } catch (error) {
    const failure = reported(error);
    log.error(failure.message, { code: failure.name });
    throw failure;
  }
}
