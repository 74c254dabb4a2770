import { bound } from './bound';
import type { ConsumerSession } from '../../ports/sessions';
import type { Connection } from '../connection';
import { readIdentity } from '../sql/read-identity';
import { readServer } from '../sql/read-server';

/** The session of a consumer. */
export function consumerSession(connection: Connection): ConsumerSession {
  return bound(connection, { identity: readIdentity, server: readServer });
}
