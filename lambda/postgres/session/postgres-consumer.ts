import { bound } from './bound';
import type { ConsumerSession } from '../../ports/sessions';
import type { Connection } from '../connection';
import { readIdentity } from '../sql/read-identity';
import { readServer } from '../sql/read-server';

/** What a consumer's session can do. */
export function consumerSession(connection: Connection): ConsumerSession {
  return bound(connection, { identity: readIdentity, server: readServer });
}
