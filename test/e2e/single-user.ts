import assert from 'node:assert/strict';
import { join } from 'node:path';
import { AddPermissionCommand, GetPolicyCommand, LambdaClient, RemovePermissionCommand } from '@aws-sdk/client-lambda';
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Checks } from './checks';
import { Credentials } from './credentials';
import { deploymentsOf } from './deployment';
import { LocalCloud } from './local-cloud';
import { newPasswordOnly } from './quickstart';
import { RotatingPostgres, RotationStrategy } from '../../src';

/**
 * An application user by single user; and who may invoke the rotation function, of which the first rotation is no
 * proof.
 */
export async function checkSingleUser(checks: Checks, cloud: LocalCloud, credentials: Credentials): Promise<void> {
  const [stack] = await deploymentsOf(cloud, app(join(cloud.scratch, 'single-user')));
  const deployed = await checks.check('deployment of an application user by single user', async () => stack.create());
  if (!deployed) return;
  const { SecretArn: secret, RotationFunctionName: functionName } = await stack.outputs();

  await checks.check('RotateSecret of that user: the new password works, the old one does not', async () => {
    await credentials.settled(secret);
    await newPasswordOnly(credentials, secret);
    assert.deepEqual(await credentials.logIn(await credentials.value(secret)), { login: 'app', role: 'app' });
  });

  await checks.check(
    'RotateSecret is refused where the function admits Secrets Manager of another account only',
    async () => {
      const lambda = new LambdaClient(cloud.client);
      const { Policy = '' } = await lambda.send(new GetPolicyCommand({ FunctionName: functionName }));
      const [{ Sid, Action, Condition }] = JSON.parse(Policy).Statement as {
        Sid: string;
        Action: string;
        Condition: unknown;
      }[];
      assert.deepEqual(Condition, { StringEquals: { 'AWS:SourceAccount': '000000000000' } });
      await lambda.send(new RemovePermissionCommand({ FunctionName: functionName, StatementId: Sid }));
      await lambda.send(
        new AddPermissionCommand({
          FunctionName: functionName,
          StatementId: 'Other',
          Action,
          Principal: 'secretsmanager.amazonaws.com',
          SourceAccount: '111122223333',
        }),
      );
      await assert.rejects(credentials.rotate(secret), { name: 'AccessDeniedException' });
    },
  );
}

function app(outdir: string): App {
  const made = new App({ outdir });
  const stack = new Stack(made, 'SingleUser');
  const vpc = new ec2.Vpc(stack, 'Vpc', {
    natGateways: 0,
    subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
  });
  const db = new RotatingPostgres(stack, 'Orders', {
    vpc,
    strategy: RotationStrategy.SINGLE_USER,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  new CfnOutput(stack, 'SecretArn', { value: db.secret.secretArn });
  new CfnOutput(stack, 'RotationFunctionName', { value: db.rotationFunction.function.functionName });
  return made;
}
