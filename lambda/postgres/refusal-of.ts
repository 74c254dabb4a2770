import { lacksPrivilege } from '../ports/error-predicates';

/** Why PostgreSQL refuses to do it, if it does; any other failure is not about privileges. */
export async function refusalOf(act: () => Promise<void>, isRefusal = lacksPrivilege): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return (error as Error).message;
  }
}
