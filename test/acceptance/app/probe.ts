import { CfnOutput, Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

/** Rotates a value that no database knows. */
const ROTATION = `
const { SecretsManager } = require('@aws-sdk/client-secrets-manager');
const client = new SecretsManager();
exports.handler = async ({ Step, SecretId, ClientRequestToken }) => {
  if (Step === process.env.FAILING_STEP) throw new Error('on purpose');
  const { VersionIdsToStages = {} } = await client.describeSecret({ SecretId });
  const [current] = Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes('AWSCURRENT'));
  if (Step === 'createSecret') {
    const value = { SecretString: ClientRequestToken, VersionStages: ['AWSPENDING'] };
    await client.putSecretValue({ SecretId, ClientRequestToken, ...value });
  }
  if (Step === 'finishSecret' && current !== ClientRequestToken) {
    const move = { MoveToVersionId: ClientRequestToken, RemoveFromVersionId: current };
    await client.updateSecretVersionStage({ SecretId, VersionStage: 'AWSCURRENT', ...move });
  }
};`;

export interface ProbeProps {
  /** A step that throws. */
  readonly failingStep?: string;
  /** Whether the function admits the secret's ARN as source, and nothing else. */
  readonly bySourceArn?: boolean;
}

/** A secret without a database, and a function that rotates it. The outputs begin with its id. */
export class Probe extends Construct {
  constructor(scope: Construct, id: string, { failingStep, bySourceArn = false }: ProbeProps) {
    super(scope, id);
    const secret = new secretsmanager.Secret(this, 'Secret', { removalPolicy: RemovalPolicy.DESTROY });
    const rotation = new lambda.Function(this, 'Function', {
      runtime: new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS, { supportsInlineCode: true }),
      handler: 'index.handler',
      code: lambda.Code.fromInline(ROTATION),
      timeout: Duration.seconds(30),
      environment: failingStep ? { FAILING_STEP: failingStep } : undefined,
      logGroup: new logs.LogGroup(this, 'Logs', { removalPolicy: RemovalPolicy.DESTROY }),
    });
    secret.grantRead(rotation);
    secret.grantWrite(rotation);
    const sourceArn = bySourceArn ? secret.secretArn : undefined;
    rotation.addPermission('Rotate', {
      principal: new iam.ServicePrincipal('secretsmanager.amazonaws.com'),
      sourceArn,
    });
    new CfnOutput(scope, `${id}Secret`, { value: secret.secretArn });
    new CfnOutput(scope, `${id}Function`, { value: rotation.functionArn });
  }
}
