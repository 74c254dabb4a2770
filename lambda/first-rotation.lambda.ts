import type { Context } from 'aws-lambda';
import { CloudWatchErrorLog } from './first-rotation/cloudwatch-error-log';
import { parseRequest } from './first-rotation/proof-request';
import { prove } from './first-rotation/prove';
import { invocation } from './runtime/invocation';
import { lambdaDeadline } from './runtime/lambda-deadline';
import { SecretsManagerStore } from './secrets-manager/store';

/**
 * The function of the first-rotation custom resource. The CDK Provider framework invokes it, and sends the response to
 * CloudFormation.
 */
export async function handler(event: unknown, context: Context): Promise<{ PhysicalResourceId: string }> {
  return invocation(context, async setLogContext => {
    const { type, physicalId, secretArns, logGroup, timeoutSeconds } = parseRequest(event);
    setLogContext({ step: type });
    const deadline = lambdaDeadline(context);
    await prove(secretArns, timeoutSeconds, {
      store: new SecretsManagerStore(deadline),
      errors: new CloudWatchErrorLog(logGroup, deadline),
      deadline,
    });
    return { PhysicalResourceId: physicalId };
  });
}
