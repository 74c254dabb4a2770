import { CfnResource } from 'aws-cdk-lib';
import { IConstruct, IDependable } from 'constructs';
import { acknowledgeLint, REDUNDANT_DEPENDENCY } from './acknowledge';

/** Makes a resource depend on these constructs. Deletion runs in the opposite order. */
export function after(resource: IConstruct, prerequisites: IDependable[]): void {
  const waiting = CfnResource.isCfnResource(resource) ? resource : (resource.node.defaultChild as CfnResource);
  waiting.node.addDependency(...prerequisites);
  // The dependency covers whole constructs, some of whose resources are also referred to.
  acknowledgeLint(waiting, REDUNDANT_DEPENDENCY);
}
