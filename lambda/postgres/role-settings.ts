import { identifier, literal } from './sql';

/**
 * The role settings that are carried over to the alternate: those that an application sets for itself. None of them can
 * load code or widen what a session may do.
 */
const CARRIED_OVER = new Set([
  'application_name', 'bytea_output', 'client_encoding', 'client_min_messages', 'datestyle', 'default_statistics_target', 'default_tablespace',
  'default_transaction_deferrable', 'default_transaction_isolation', 'default_transaction_read_only', 'effective_cache_size',
  'enable_partitionwise_aggregate', 'enable_partitionwise_join', 'extra_float_digits', 'idle_in_transaction_session_timeout',
  'idle_session_timeout', 'intervalstyle', 'jit', 'lock_timeout', 'maintenance_work_mem', 'max_parallel_workers_per_gather',
  'plan_cache_mode', 'random_page_cost', 'row_security', 'search_path', 'statement_timeout', 'synchronous_commit', 'temp_buffers',
  'timezone', 'transaction_timeout', 'work_mem',
]);

/** The settings of a role in all databases (`database` null) or in one. Each setting is `name=value`, as in `pg_db_role_setting`. */
export interface RoleSettings {
  readonly database: string | null;
  readonly settings: readonly string[];
}

/** The statements that give a role these settings and no others in the databases named. */
export function copySettings(role: string, from: readonly RoleSettings[], to: readonly RoleSettings[]): string[] {
  const within = (database: string | null) => `ALTER ROLE ${identifier(role)}${database === null ? '' : ` IN DATABASE ${identifier(database)}`}`;
  return [
    ...to.map(({ database }) => `${within(database)} RESET ALL`),
    ...from.flatMap(({ database, settings }) => carriedOver(settings).map(([name, value]) =>
      `${within(database)} SET ${identifier(name)} TO ${name === 'search_path' ? listOf(value) : literal(value)}`)),
  ];
}

function carriedOver(settings: readonly string[]): [name: string, value: string][] {
  return settings
    .map((setting): [string, string] => [setting.slice(0, setting.indexOf('=')), setting.slice(setting.indexOf('=') + 1)])
    .filter(([name]) => CARRIED_OVER.has(name.toLowerCase()));
}

/**
 * A search path as stored (`"$user", public`) as a list of literals: as one literal it would name a single, odd schema.
 * Its names stand bare or in double quotes, within which a quote is doubled.
 */
function listOf(path: string): string {
  const names = [...path.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare);
  return names.length === 0 ? "''" : names.map(literal).join(', ');
}
