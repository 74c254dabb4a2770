import { asMember } from './become-member';
import { readAccessTargets, type Target, type TargetKind } from './read-access-targets';
import { RotatingPostgresError } from '../../../client/src/shared/errors';
import { ErrorCode } from '../../../src/contract';
import type { Access } from '../../ports/logins';
import type { Connection } from '../connection';
import { retried } from '../retry-overtaken';
import { roleRefused } from '../role';
import { identifier, join, list, type Sql, sql } from '../template/sql';

/**
 * Privileges by kind of object. Tables include views, materialized views, foreign tables and partitions. EXECUTE on
 * functions and USAGE on types are not listed, because PUBLIC has them by default.
 */
const PRIVILEGES: Readonly<Record<Access['privileges'], Readonly<Record<TargetKind, readonly Privilege[]>>>> = {
  readOnly: { TABLE: ['SELECT'], SEQUENCE: ['SELECT'], SCHEMA: ['USAGE'] },
  readWrite: { TABLE: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'], SEQUENCE: ['SELECT', 'USAGE'], SCHEMA: ['USAGE'] },
};

const PRIVILEGE_WORDS = {
  SELECT: sql`SELECT`,
  INSERT: sql`INSERT`,
  UPDATE: sql`UPDATE`,
  DELETE: sql`DELETE`,
  USAGE: sql`USAGE`,
};
type Privilege = keyof typeof PRIVILEGE_WORDS;
const EXISTING: Readonly<Record<TargetKind, Sql>> = { TABLE: sql`TABLE`, SEQUENCE: sql`SEQUENCE`, SCHEMA: sql`SCHEMA` };
const FUTURE: Readonly<Record<TargetKind, Sql>> = {
  TABLE: sql`TABLES`,
  SEQUENCE: sql`SEQUENCES`,
  SCHEMA: sql`SCHEMAS`,
};

/**
 * In the connection's database and one transaction: grants the declared access, and revokes the access that was
 * declared before and is not any more. Grants made by other roles stay.
 *
 * @throws with code `Configuration` when a schema does not exist, with code `Privilege` when the admin may not grant
 *   something
 */
export async function grantAccess(admin: Connection, user: string, declared?: Access, before?: Access): Promise<void> {
  const missing = async () =>
    (await differences(admin, user, declared, before)).flatMap(difference => statementsOf(user, difference));
  if ((await missing()).length === 0) return;
  await retried(admin, async () => {
    const owners = (await differences(admin, user, declared, before)).map(({ owner }) => owner);
    await asMember(admin, owners, async () => {
      await admin.run(await missing());
      // GRANT by a role that may use an object but not grant on it only warns.
      const [left] = await missing();
      if (left !== undefined) {
        throw new RotatingPostgresError(
          ErrorCode.PRIVILEGE,
          `the admin "${admin.login.username}" may not run: ${left.text}`,
        );
      }
    });
  });
}

/** The changes on the objects of one owner. */
interface Difference {
  readonly owner: string;
  readonly changes: readonly Change[];
}

interface Change {
  readonly verb: 'GRANT' | 'REVOKE';
  readonly target: Target;
  readonly privileges: readonly Privilege[];
}

async function differences(admin: Connection, user: string, declared?: Access, before?: Access): Promise<Difference[]> {
  const owners = new Set([declared, before].flatMap(access => access?.owner ?? []));
  const found: Difference[] = [];
  for (const owner of owners) {
    const [now, earlier] = [declared, before].map(access => (access?.owner === owner ? access : undefined));
    const targets = await readAccessTargets(admin, user, owner);
    if (now) checkTargets(now, targets);
    const changes = targets.flatMap(target => {
      const wanted = now && covers(now, target) ? PRIVILEGES[now.privileges][target.kind] : [];
      const former =
        earlier && covers(earlier, { ...target, inhabited: true }) ? PRIVILEGES[earlier.privileges][target.kind] : [];
      const missing = target.usable ? [] : wanted.filter(privilege => !target.given.includes(privilege));
      const excessive = former.filter(privilege => target.given.includes(privilege) && !wanted.includes(privilege));
      return [
        ...(excessive.length > 0 ? [{ verb: 'REVOKE', target, privileges: excessive } as const] : []),
        ...(missing.length > 0 ? [{ verb: 'GRANT', target, privileges: missing } as const] : []),
      ];
    });
    if (changes.length > 0) found.push({ owner, changes });
  }
  return found;
}

function checkTargets({ owner, schemas = [] }: Access, targets: readonly Target[]): void {
  if (targets.length === 0) {
    throw roleRefused(`the role "${owner}" does not exist: deploy it before the users that read its objects`);
  }
  const missing = schemas.find(schema => !targets.some(target => target.kind === 'SCHEMA' && target.schema === schema));
  if (missing === undefined) return;
  throw new RotatingPostgresError(
    ErrorCode.CONFIGURATION,
    `the database has no application schema "${missing}": create it as "${owner}" before you deploy its readers, ` +
      `or omit 'schemas' to give access to all schemas of "${owner}", existing and future ones`,
  );
}

/**
 * Whether the declared access covers a target. Default privileges are granted for each named schema, or without schemas
 * for the whole database, which includes later schemas.
 */
function covers({ schemas }: Access, { kind, schema, future, inhabited }: Target): boolean {
  if (schemas) return schema !== null && schemas.includes(schema);
  if (future) return schema === null;
  return kind !== 'SCHEMA' || inhabited;
}

/** Combines objects with the same change into one statement. */
function statementsOf(user: string, { owner, changes }: Difference): Sql[] {
  const grouped = new Map<string, { change: Change; names: Sql[] }>();
  const statements: Sql[] = [];
  for (const change of changes) {
    const { verb, target, privileges } = change;
    if (target.future) {
      const where = target.schema === null ? sql`` : sql` IN SCHEMA ${identifier(target.schema)}`;
      const grant = phrase(change, FUTURE[target.kind], user);
      statements.push(sql`ALTER DEFAULT PRIVILEGES FOR ROLE ${identifier(owner)}${where} ${grant}`);
    } else {
      const key = JSON.stringify([verb, target.kind, privileges]);
      const group = grouped.get(key) ?? { change, names: [] };
      const names = [target.schema, target.name].flatMap(name => (name === null ? [] : identifier(name)));
      group.names.push(join(names, sql`.`));
      grouped.set(key, group);
    }
  }
  return [
    ...[...grouped.values()].map(({ change, names }) =>
      phrase(change, sql`${EXISTING[change.target.kind]} ${list(names)}`, user),
    ),
    ...statements,
  ];
}

function phrase({ verb, privileges }: Change, on: Sql, user: string): Sql {
  const what = list(privileges.map(privilege => PRIVILEGE_WORDS[privilege]));
  const whom = identifier(user);
  return verb === 'GRANT' ? sql`GRANT ${what} ON ${on} TO ${whom}` : sql`REVOKE ${what} ON ${on} FROM ${whom}`;
}
