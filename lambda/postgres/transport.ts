import type { ConnectionOptions } from 'node:tls';
import type { Credential } from '../../client/src/shared/secret-value';
import { tlsOptions } from '../../client/src/shared/tls';
import type { Settings } from '../runtime/settings';

/** Which weaker ways to log in the function's owner has allowed. */
export type Allowances = Pick<Settings, 'allowMd5' | 'allowPlaintext'>;

/**
 * TLS that verifies the server, or `false` where both the secret and the function's owner say so. AWS's own functions
 * take any other spelling of `ssl` for its absence, and so does this.
 */
export function transport(credential: Credential, { allowPlaintext }: Allowances): ConnectionOptions | false {
  return allowPlaintext && String(credential.ssl).toLowerCase() === 'false' ? false : tlsOptions(credential.host);
}
