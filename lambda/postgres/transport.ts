import type { ConnectionOptions } from 'node:tls';
import type { Credential } from '../../client/src/shared/secret-value';
import { tlsOptions } from '../../client/src/shared/tls';
import type { Settings } from '../runtime/settings';

/** The weaker login methods that the function's settings allow. */
export type Allowances = Pick<Settings, 'allowMd5' | 'allowPlaintext'>;

/**
 * TLS options that verify the server, or `false` for no TLS where both the secret and the function's settings allow it.
 * As with AWS's own functions, any value of the secret's `ssl` field other than `false` means TLS.
 */
export function transport(credential: Credential, { allowPlaintext }: Allowances): ConnectionOptions | false {
  return allowPlaintext && String(credential.ssl).toLowerCase() === 'false' ? false : tlsOptions(credential.host);
}
