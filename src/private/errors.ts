import { IConstruct } from 'constructs';

/** Stops synthesis with an error. The message names the construct, the prop and the fix. */
export function fail(scope: IConstruct, message: string): never {
  throw new Error(`${scope.node.path}: ${message}`);
}
