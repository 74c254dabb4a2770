import { isDeepStrictEqual } from 'node:util';
import { identifier, literal } from './sql';

/**
 * The role settings that are carried over to the alternate: those that an application sets for itself. None of them can
 * load code or widen what a session may do.
 */
const CARRIED_OVER = new Set([
  'application_name',
  'bytea_output',
  'client_encoding',
  'client_min_messages',
  'datestyle',
  'default_statistics_target',
  'default_tablespace',
  'default_transaction_deferrable',
  'default_transaction_isolation',
  'default_transaction_read_only',
  'effective_cache_size',
  'enable_partitionwise_aggregate',
  'enable_partitionwise_join',
  'extra_float_digits',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'intervalstyle',
  'jit',
  'lock_timeout',
  'maintenance_work_mem',
  'max_parallel_workers_per_gather',
  'plan_cache_mode',
  'random_page_cost',
  'row_security',
  'search_path',
  'statement_timeout',
  'synchronous_commit',
  'temp_buffers',
  'timezone',
  'transaction_timeout',
  'work_mem',
]);

/**
 * The settings of a role in all databases (`database` null) or in one. Each setting is `name=value`, as in
 * `pg_db_role_setting`.
 */
export interface RoleSettings {
  readonly database: string | null;
  readonly settings: readonly string[];
}

/**
 * The statements that give `role` the settings of another one, and no others; none where it has them.
 *
 * @param startsAs the role that sessions start as
 */
export function copySettings(
  role: string,
  from: readonly RoleSettings[],
  to: readonly RoleSettings[],
  startsAs?: string,
): string[] {
  const wanted = from.map(({ database, settings }) => ({ database, settings: settings.filter(isCarriedOver) }));
  if (startsAs !== undefined) wanted.push({ database: null, settings: [`role=${startsAs}`] });
  if (isDeepStrictEqual(flat(wanted), flat(to))) return [];
  const within = (database: string | null) =>
    `ALTER ROLE ${identifier(role)}${database === null ? '' : ` IN DATABASE ${identifier(database)}`}`;
  return [
    ...to.map(({ database }) => `${within(database)} RESET ALL`),
    ...wanted.flatMap(({ database, settings }) =>
      settings.map(setting => `${within(database)} SET ${assignment(setting)}`),
    ),
  ];
}

function flat(settings: readonly RoleSettings[]): string[] {
  return settings
    .flatMap(({ database, settings: own }) => own.map(setting => JSON.stringify([database, setting])))
    .sort();
}

/** Whether an application sets it for itself, so that it can do no harm. */
export function isCarriedOver(setting: string): boolean {
  return CARRIED_OVER.has(setting.slice(0, setting.indexOf('=')).toLowerCase());
}

function assignment(setting: string): string {
  const at = setting.indexOf('=');
  const [name, value] = [setting.slice(0, at), setting.slice(at + 1)];
  return `${identifier(name)} TO ${name === 'search_path' ? listOf(value) : literal(value)}`;
}

/**
 * A search path as stored (`"$user", public`) as a list of literals: as one literal it would name a single, odd schema.
 * Its names stand bare or in double quotes, within which a quote is doubled.
 */
function listOf(path: string): string {
  const names = [...path.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare,
  );
  return names.length === 0 ? "''" : names.map(literal).join(', ');
}
