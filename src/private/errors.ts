import { IConstruct } from 'constructs';

/** Synthesis stops here: the message names the construct, the prop and what to do. */
export function fail(scope: IConstruct, message: string): never {
  throw new Error(`${scope.node.path}: ${message}`);
}
