import type * as cdk from 'aws-cdk-lib';
import type * as assertions from 'aws-cdk-lib/assertions';
import type * as nag from 'cdk-nag';

/** An example's app, and the modules that it was made with: each load has a registry of its own, as a process has. */
export interface Loaded {
  readonly app: cdk.App;
  readonly cdk: typeof cdk;
  readonly assertions: typeof assertions;
  readonly nag: typeof nag;
}

/**
 * Runs an example's `app.ts` with this context. What was loaded before is of no more use: aws-cdk-lib loads its parts
 * when they are asked for.
 */
export function load(example: string, context: Record<string, unknown> = {}): Loaded {
  jest.resetModules();
  process.env.CDK_CONTEXT_JSON = JSON.stringify(context);
  try {
    const { app } = jest.requireActual<{ app: cdk.App }>(`../../examples/${example}/app`);
    return {
      app,
      cdk: jest.requireActual('aws-cdk-lib'),
      assertions: jest.requireActual('aws-cdk-lib/assertions'),
      nag: jest.requireActual('cdk-nag'),
    };
  } finally {
    delete process.env.CDK_CONTEXT_JSON;
  }
}

/** All stacks of an app, those in stages as well. */
export function stacksOf({ app, cdk: { Stack } }: Loaded): cdk.Stack[] {
  return app.node.findAll().filter(construct => Stack.isStack(construct));
}
