import * as path from 'path';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledgeFunction } from './function-role';
import { NODEJS_24, useCurrentNodejs } from './nodejs-runtime';

/** The properties in which the functions of this library differ. */
export interface BundledFunctionProps extends Omit<
  lambda.FunctionProps,
  'code' | 'handler' | 'runtime' | 'architecture' | 'loggingFormat'
> {
  /** Folder of the bundle under assets/lambda. */
  readonly bundle: string;
  readonly role: iam.IRole;
  readonly logGroup: logs.ILogGroup;
}

/** A Lambda function with a bundle that this package ships. */
export function bundledFunction(scope: Construct, id: string, props: BundledFunctionProps): lambda.Function {
  const { bundle, ...rest } = props;
  const fn = new lambda.Function(scope, id, {
    ...rest,
    code: lambda.Code.fromAsset(path.join(__dirname, '..', '..', 'assets', 'lambda', bundle)),
    handler: 'index.handler',
    runtime: NODEJS_24,
    architecture: lambda.Architecture.ARM_64,
    loggingFormat: lambda.LoggingFormat.JSON,
  });
  useCurrentNodejs(fn.node.defaultChild as lambda.CfnFunction);
  acknowledgeFunction(fn);
  return fn;
}
