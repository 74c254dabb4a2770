import * as lambda from 'aws-cdk-lib/aws-lambda';
import { acknowledgeLint, REDUNDANT_DEPENDENCY } from '../private/acknowledge';

/** The current Node.js runtime; the lowest supported aws-cdk-lib has no constant for it. */
export const NODEJS_24 = new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS, { supportsInlineCode: true });

/** Sets the current Node.js runtime, whatever this version of aws-cdk-lib takes for current. */
export function useCurrentNodejs(resource: lambda.CfnFunction): void {
  resource.runtime = NODEJS_24.name;
  // The L2 function names its role as a dependency, besides referring to it.
  acknowledgeLint(resource, REDUNDANT_DEPENDENCY);
}
