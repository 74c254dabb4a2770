import type * as sdk from '@aws-sdk/client-secrets-manager';

/**
 * Loads the SDK on first use, because local development does not need it. In a file of its own, because jest's CommonJS
 * has no `import()`.
 */
export function loadSdk(): Promise<typeof sdk> {
  return import('@aws-sdk/client-secrets-manager');
}
