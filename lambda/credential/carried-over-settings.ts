/**
 * The role settings that a rotation copies to the alternate. Applications set them for themselves; none of them can
 * load code or extend the rights of a session.
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

/** Whether a rotation copies the setting, given as `name=value`. */
export function isCarriedOver(setting: string): boolean {
  return CARRIED_OVER.has(setting.slice(0, setting.indexOf('=')).toLowerCase());
}
