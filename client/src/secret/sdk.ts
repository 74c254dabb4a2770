import type * as sdk from '@aws-sdk/client-secrets-manager';

/** The SDK, loaded on first use: local development needs none. On its own, for jest's CommonJS has no `import()`. */
export function loadSdk(): Promise<typeof sdk> {
  return import('@aws-sdk/client-secrets-manager');
}
