import * as lambda from 'aws-cdk-lib/aws-lambda';
import { acknowledgeLint, REDUNDANT_DEPENDENCY } from '../private/acknowledge';

/** The current Node.js runtime. The lowest supported aws-cdk-lib has no constant for it. */
export const NODEJS_24 = new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS, { supportsInlineCode: true });

/** Sets the current Node.js runtime, regardless of the default of this aws-cdk-lib version. */
export function useCurrentNodejs(resource: lambda.CfnFunction): void {
  resource.runtime = NODEJS_24.name;
  // The L2 function depends on its role and also refers to it.
  acknowledgeLint(resource, REDUNDANT_DEPENDENCY);
}
