import { DatabaseError } from 'pg';
import type { Connection } from './connection';
import { roleRefused } from './role';

const MOST_ATTEMPTS = 4;

/** Runs the work again, including its reads, when another session has changed or created the role in the meantime. */
export async function retried<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isOvertaken(error)) throw error;
      if (attempt === MOST_ATTEMPTS) {
        throw roleRefused(
          `other sessions keep changing the role that "${connection.login.username}" is about to change`,
        );
      }
    }
  }
}

/**
 * Whether another session was first. The comment on the role changed (22012), two sessions updated one row or
 * deadlocked (40P01), another session created the role or database (42710, 23505, 42P04), or a table or schema is gone
 * (42P01, 3F000).
 */
function isOvertaken(error: unknown): boolean {
  const { cause } = error as { cause?: unknown };
  if (!(cause instanceof DatabaseError)) return false;
  return (
    cause.routine === 'simple_heap_update' ||
    ['22012', '42710', '23505', '40P01', '42P04', '42P01', '3F000'].includes(cause.code ?? '')
  );
}
