import { CfnResource } from 'aws-cdk-lib';
import { IConstruct, IDependable } from 'constructs';
import { acknowledgeLint, REDUNDANT_DEPENDENCY } from './acknowledge';

/** Makes a resource wait for these; deletion takes the opposite order. */
export function after(resource: IConstruct, prerequisites: IDependable[]): void {
  const waiting = CfnResource.isCfnResource(resource) ? resource : (resource.node.defaultChild as CfnResource);
  waiting.node.addDependency(...prerequisites);
  // Whole parts are waited for, some of which the resource refers to as well.
  acknowledgeLint(waiting, REDUNDANT_DEPENDENCY);
}
