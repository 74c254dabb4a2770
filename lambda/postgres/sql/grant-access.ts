import { RotatingPostgresError } from '../../../client/src/shared/errors';
import { ErrorCode } from '../../../src/contract';
import type { Connection } from '../connection';
import { retried } from '../fence';
import { asMember } from '../membership';
import { roleRefused } from '../roles';
import { identifier } from '../sql';

/** What a user may do with the tables and sequences of another one: those that are there, and those to come. */
export interface Access {
  readonly privileges: 'readOnly' | 'readWrite';
  /** Whose they are; of alternating users the first. */
  readonly owner: string;
  /** Names of schemas; undefined for each in which the owner has something, now or later. */
  readonly schemas?: readonly string[];
}

/**
 * Tables are also views, materialized views, foreign tables and partitions. EXECUTE of functions and USAGE of types
 * everybody has by default.
 */
const PRIVILEGES: Readonly<Record<Access['privileges'], Readonly<Record<Kind, readonly string[]>>>> = {
  readOnly: { TABLE: ['SELECT'], SEQUENCE: ['SELECT'], SCHEMA: ['USAGE'] },
  readWrite: { TABLE: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'], SEQUENCE: ['SELECT', 'USAGE'], SCHEMA: ['USAGE'] },
};

/**
 * Gives the user the access in the connection's database that it is declared to have, and takes what it was declared to
 * have before and is not now, in one transaction. What others gave it stays.
 *
 * @throws with code `Configuration` when a schema is not there, with code `Privilege` when the admin may not give
 * something
 */
export async function provideAccess(
  admin: Connection,
  user: string,
  declared?: Access,
  before?: Access,
): Promise<void> {
  const lacking = async () =>
    (await differences(admin, user, declared, before)).flatMap(difference => statementsOf(user, difference));
  if ((await lacking()).length === 0) return;
  await retried(admin, async () => {
    const owners = (await differences(admin, user, declared, before)).map(({ owner }) => owner);
    await asMember(admin, owners, async () => {
      await admin.run(await lacking());
      // Who may grant nothing on an object, but may use it, gets no error of PostgreSQL but a warning.
      const [left] = await lacking();
      if (left !== undefined) {
        throw new RotatingPostgresError(
          ErrorCode.PRIVILEGE,
          `the admin "${admin.login.username}" may not run: ${left}`,
        );
      }
    });
  });
}

type Kind = 'TABLE' | 'SEQUENCE' | 'SCHEMA';

/** Something that privileges are given on. */
interface Target {
  readonly kind: Kind;
  /** Of what is to come: null for any. */
  readonly schema: string | null;
  /** Of a table or sequence. */
  readonly name: string | null;
  /** Whether it is what the owner makes from now on, and not an object. */
  readonly future: boolean;
  /** Of a schema: whether the owner has something in it. */
  readonly inhabited: boolean;
  /** Of a schema: whether the user may use it, for whatever reason. */
  readonly usable: boolean;
  /** What the user was given on it by who it belongs to. */
  readonly given: readonly string[];
}

/** What has to change on the objects of one owner. */
interface Difference {
  readonly owner: string;
  readonly changes: readonly Change[];
}

interface Change {
  readonly verb: 'GRANT' | 'REVOKE';
  readonly target: Target;
  readonly privileges: readonly string[];
}

async function differences(admin: Connection, user: string, declared?: Access, before?: Access): Promise<Difference[]> {
  const owners = new Set([declared, before].flatMap(access => access?.owner ?? []));
  const found: Difference[] = [];
  for (const owner of owners) {
    const [now, earlier] = [declared, before].map(access => (access?.owner === owner ? access : undefined));
    const targets = await admin.query<Target>(READ_TARGETS, [user, owner]);
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
    throw roleRefused(`the role "${owner}" does not exist: deploy it before the users who read what it owns`);
  }
  const missing = schemas.find(schema => !targets.some(target => target.kind === 'SCHEMA' && target.schema === schema));
  if (missing === undefined) return;
  throw new RotatingPostgresError(
    ErrorCode.CONFIGURATION,
    `there is no schema "${missing}" of an application in the database: create it as "${owner}"` +
      ` before you deploy who reads in it, or name no schemas, which gives access to those of "${owner}" now and later`,
  );
}

/** Default privileges are given for each schema that is named, or else for all at once, those to come as well. */
function covers({ schemas }: Access, { kind, schema, future, inhabited }: Target): boolean {
  if (schemas) return schema !== null && schemas.includes(schema);
  if (future) return schema === null;
  return kind !== 'SCHEMA' || inhabited;
}

/** One statement for all objects that are treated alike. */
function statementsOf(user: string, { owner, changes }: Difference): string[] {
  const grouped = new Map<string, { change: Change; names: string[] }>();
  const statements: string[] = [];
  for (const change of changes) {
    const { verb, target, privileges } = change;
    if (target.future) {
      const where = target.schema === null ? '' : ` IN SCHEMA ${identifier(target.schema)}`;
      statements.push(
        `ALTER DEFAULT PRIVILEGES FOR ROLE ${identifier(owner)}${where} ${phrase(change, `${target.kind}S`, user)}`,
      );
    } else {
      const key = JSON.stringify([verb, target.kind, privileges]);
      const group = grouped.get(key) ?? { change, names: [] };
      group.names.push([target.schema, target.name].flatMap(name => (name === null ? [] : identifier(name))).join('.'));
      grouped.set(key, group);
    }
  }
  return [
    ...[...grouped.values()].map(({ change, names }) =>
      phrase(change, `${change.target.kind} ${names.join(', ')}`, user),
    ),
    ...statements,
  ];
}

function phrase({ verb, privileges }: Change, on: string, user: string): string {
  return `${verb} ${privileges.join(', ')} ON ${on} ${verb === 'GRANT' ? 'TO' : 'FROM'} ${identifier(user)}`;
}

/**
 * The tables, sequences and schemas, what is to come, and what the user ($1) was given on each. Of a schema that is not
 * the owner's ($2) only what the owner or the admin gave. No row where there is no such owner.
 */
const READ_TARGETS = `
  WITH party AS (
    SELECT u.oid AS grantee, o.oid AS owner FROM pg_catalog.pg_roles AS u, pg_catalog.pg_roles AS o
    WHERE u.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name AND o.rolname OPERATOR(pg_catalog.=) $2::pg_catalog.name
  ), own (schema, oid, owner, acl) AS (
    SELECT n.nspname, n.oid, n.nspowner, n.nspacl FROM pg_catalog.pg_namespace AS n
    WHERE NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_') AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'
  ), relation (kind, schema, name, acl) AS (
    SELECT CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, own.schema, c.relname, c.relacl
    FROM pg_catalog.pg_class AS c CROSS JOIN party JOIN own ON own.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE c.relowner OPERATOR(pg_catalog.=) party.owner AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'v', 'm', 'f', 'S']::"char"[])
  )
  SELECT relation.kind, relation.schema, relation.name, false AS future, true AS inhabited, false AS usable, ARRAY(
      SELECT g.privilege_type FROM pg_catalog.aclexplode(relation.acl) AS g
      WHERE g.grantee OPERATOR(pg_catalog.=) party.grantee AND g.grantor OPERATOR(pg_catalog.=) party.owner
    ) AS given
  FROM relation CROSS JOIN party
  UNION ALL
  SELECT 'SCHEMA', own.schema, NULL, false,
    own.owner OPERATOR(pg_catalog.=) party.owner OR EXISTS (SELECT FROM relation WHERE relation.schema OPERATOR(pg_catalog.=) own.schema),
    pg_catalog.has_schema_privilege(party.grantee, own.oid, 'USAGE'),
    ARRAY(
      SELECT g.privilege_type FROM pg_catalog.aclexplode(own.acl) AS g
      WHERE g.grantee OPERATOR(pg_catalog.=) party.grantee AND g.grantor OPERATOR(pg_catalog.=) own.owner
        AND (pg_catalog.pg_has_role(party.owner, own.owner, 'USAGE') OR pg_catalog.pg_has_role(SESSION_USER, own.owner, 'USAGE'))
    )
  FROM own CROSS JOIN party
  UNION ALL
  SELECT later.kind, space.schema, NULL, true, true, false, ARRAY(
      SELECT g.privilege_type FROM pg_catalog.pg_default_acl AS d CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) AS g
      WHERE d.defaclrole OPERATOR(pg_catalog.=) party.owner AND d.defaclnamespace OPERATOR(pg_catalog.=) space.oid
        AND d.defaclobjtype OPERATOR(pg_catalog.=) later.type AND g.grantee OPERATOR(pg_catalog.=) party.grantee
    )
  FROM (SELECT own.schema, own.oid FROM own UNION ALL SELECT NULL, 0::pg_catalog.oid) AS space
    CROSS JOIN (VALUES ('TABLE', 'r'::"char"), ('SEQUENCE', 'S'), ('SCHEMA', 'n')) AS later (kind, type) CROSS JOIN party
  WHERE space.schema IS NULL OR later.kind OPERATOR(pg_catalog.<>) 'SCHEMA'
  ORDER BY 1, 2, 3`;
