import { lacksPrivilege } from '../ports/error-predicates';

/**
 * The message of the refusal, if PostgreSQL refuses the action; undefined if the action succeeds. Any other error is
 * rethrown.
 */
export async function refusalOf(act: () => Promise<void>, isRefusal = lacksPrivilege): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return (error as Error).message;
  }
}
