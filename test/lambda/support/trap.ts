/**
 * What the owner of a database can prepare for whoever connects to it. Each trap tells the server's log who fell into
 * it.
 */
export function trap(name: string, argumentTypes: string, result: string): string {
  return `
  CREATE FUNCTION public.${name}(${argumentTypes}) RETURNS ${result} LANGUAGE plpgsql AS $$
  BEGIN
    RAISE LOG 'CAUGHT % in ${name}', session_user;
    RETURN NULL;
  END $$;`;
}
