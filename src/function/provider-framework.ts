import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as custom from 'aws-cdk-lib/custom-resources';
import { Construct, IConstruct } from 'constructs';
import { acknowledgeFunction, functionLogGroup, functionRole } from './function-role';
import { useCurrentNodejs } from './nodejs-runtime';
import { acknowledge, compliance } from '../private/acknowledge';

/** The construct id of the mapping from Regions to runtimes that aws-cdk-lib adds to stacks without a fixed Region. */
const RUNTIME_MAP = 'LatestNodeRuntimeMap';

/**
 * CDK's provider framework with a least-privilege role. The default role may write to every log group and invoke every
 * version of the handler.
 */
export class ProviderFramework extends Construct {
  /** Service token for custom resources. */
  public readonly serviceToken: string;

  constructor(scope: Construct, id: string, handler: lambda.IFunction) {
    super(scope, id);
    const logGroup = functionLogGroup(this);
    const role = functionRole(this, logGroup, [
      new iam.PolicyStatement({
        actions: ['lambda:InvokeFunction', 'lambda:GetFunction'],
        resources: [handler.functionArn],
      }),
    ]);
    const others = Stack.of(this).node.tryFindChild(RUNTIME_MAP);
    const provider = new custom.Provider(this, 'Provider', {
      onEventHandler: handler,
      logGroup,
      frameworkOnEventRole: role.withoutPolicyUpdates(),
    });
    // The lowest supported aws-cdk-lib chooses Node.js 20 or 18 by a mapping. Lambda will soon not create functions
    // with either.
    const framework = provider.node.findChild('framework-onEvent');
    useCurrentNodejs(framework.node.defaultChild as lambda.CfnFunction);
    acknowledgeFunction(framework);
    acknowledgeOutside(framework);
    if (!others) Stack.of(this).node.tryRemoveChild(RUNTIME_MAP);
    this.serviceToken = provider.serviceToken;
  }
}

/** Records for cdk-nag and checkov why a function is outside the VPC. */
export function acknowledgeOutside(fn: IConstruct): void {
  acknowledge(fn, {
    rules: ['CKV_AWS_117', ...compliance('LambdaInsideVPC')],
    reason:
      'It answers CloudFormation, and asks AWS, by public addresses that a VPC without a way out does not ' +
      'reach; it opens no connection to a database.',
  });
}
