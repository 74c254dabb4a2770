import { isDeepStrictEqual } from 'node:util';
import { isCarriedOver } from '../../credential/carried-over-settings';
import type { RoleSettings } from '../role';
import { identifier, list, literal, type Sql, sql } from '../template/sql';

/**
 * The statements that give `role` exactly the settings of another role; empty if it has them already.
 *
 * @param startsAs the value of the `SET role` default
 */
export function copySettings(
  role: string,
  from: readonly RoleSettings[],
  to: readonly RoleSettings[],
  startsAs?: string,
): Sql[] {
  const wanted = from.map(({ database, settings }) => ({ database, settings: settings.filter(isCarriedOver) }));
  if (startsAs !== undefined) wanted.push({ database: null, settings: [`role=${startsAs}`] });
  if (isDeepStrictEqual(flat(wanted), flat(to))) return [];
  return [
    ...to.map(({ database }) => resetSettings(role, database)),
    ...wanted.flatMap(({ database, settings }) =>
      settings.map(setting => sql`${alterRole(role, database)} SET ${assignment(setting)}`),
    ),
  ];
}

/** Resets all settings of a role, in one database, or those for all databases (`database` null). */
export function resetSettings(role: string, database: string | null): Sql {
  return sql`${alterRole(role, database)} RESET ALL`;
}

function alterRole(role: string, database: string | null): Sql {
  return sql`ALTER ROLE ${identifier(role)}${database === null ? sql`` : sql` IN DATABASE ${identifier(database)}`}`;
}

function flat(settings: readonly RoleSettings[]): string[] {
  return settings
    .flatMap(({ database, settings: own }) => own.map(setting => JSON.stringify([database, setting])))
    .sort();
}

function assignment(setting: string): Sql {
  const at = setting.indexOf('=');
  const [name, value] = [setting.slice(0, at), setting.slice(at + 1)];
  return sql`${identifier(name)} TO ${name === 'search_path' ? schemasIn(value) : literal(value)}`;
}

/**
 * Converts a stored search path (`"$user", public`) to a list of literals. As one literal it would name a single
 * schema. Names are bare or in double quotes, where a quote is doubled.
 */
function schemasIn(path: string): Sql {
  const names = [...path.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare,
  );
  return names.length === 0 ? literal('') : list(names.map(literal));
}
