import type { Connection } from '../connection';
import { hiddenGrants, hiddenRules } from './clone-privileges';
import type { Holdings, Pair, Remedy } from '../../ports/database';
import { isUnforeseenAnswer, lacksPrivilege } from '../../runtime/error-predicates';
import { MEMBERSHIP_OPTIONS_SINCE } from '../roles';
import { identifier } from '../sql';

/**
 * What changes hands is locked until the end of the transaction, and whoever wants it waits. Far shorter than
 * PostgreSQL's `deadlock_timeout` of a second, so that in a deadlock with a session of the application it is this side
 * that gives way.
 */
const LOCK_TIMEOUT = "SET LOCAL lock_timeout = '50ms'";

/**
 * As the admin: gives the owner the memberships and attributes of the alternate, as far as the admin may, and looks up
 * the databases in which the alternate has something.
 *
 * @param secretDatabase looked at in any case, for what belongs to the server and to no database
 */
export async function shareMemberships(admin: Connection, pair: Pair, secretDatabase: string): Promise<Holdings> {
  const names = [pair.alternate, pair.owner];
  const wanted = [
    ...(await admin.query<Membership>(MEMBERSHIPS, names)).map(membership => memberAs(pair, membership)),
    ...(await admin.query(ATTRIBUTES, names)).map(() => byAdmin(`ALTER ROLE ${identifier(pair.owner)} CREATEDB`)),
  ];
  const lacking: Remedy[] = [];
  for (const remedy of wanted) {
    // An admin that may only through the alternate is answered with an error of PostgreSQL's own: "no possible
    // grantors".
    const isAnswer = (error: unknown) => lacksPrivilege(error) || isUnforeseenAnswer(error);
    if (!remedy.able || (await refusal(() => admin.run([remedy.statement]), isAnswer)) !== undefined) {
      lacking.push(remedy);
    }
  }
  const databases = await admin.query<FoundDatabase>(DATABASES, [pair.alternate, secretDatabase]);
  return {
    server: { host: admin.login.host, port: admin.login.port },
    databases: databases.filter(({ open, connects }) => open && connects).map(({ name }) => name),
    lacking: [...lacking, ...databases.flatMap(database => entryTo(pair, database))],
  };
}

/**
 * As the alternate, in one transaction: gives the owner what the alternate owns and may do in this database. Where
 * something is lacking after that, it comes to nothing; what that is, others have to do.
 */
export async function handOver(alternate: Connection, pair: Pair, ending: 'COMMIT' | 'ROLLBACK'): Promise<Remedy[]> {
  const give = (remedies: Remedy[]) =>
    alternate.run(remedies.filter(({ able }) => able).map(({ statement }) => statement));
  const reassign = `REASSIGN OWNED BY ${identifier(pair.alternate)} TO ${identifier(pair.owner)}`;
  await alternate.run(['BEGIN', LOCK_TIMEOUT]);
  const grants = await hiddenGrants(alternate, pair);
  // What is owned goes between the two: its new owner may need a grant, as CREATE on a schema, and the rules may need
  // its owner.
  const refused = await refusal(async () => {
    await give(grants);
    await alternate.run([reassign]);
    await give(await hiddenRules(alternate, pair));
  });
  if (refused !== undefined) {
    await alternate.run(['ROLLBACK']);
    return [...grants, { ...byAdmin(reassign), because: refused }, ...(await hiddenRules(alternate, pair))];
  }
  const lacking = [...(await hiddenGrants(alternate, pair)), ...(await hiddenRules(alternate, pair))];
  await alternate.run([lacking.length > 0 ? 'ROLLBACK' : ending]);
  return lacking;
}

/** Why PostgreSQL refuses to do it, if it does; any other failure is not about privileges. */
async function refusal(act: () => Promise<void>, isRefusal = lacksPrivilege): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return (error as Error).message;
  }
}

function byAdmin(statement: string): Remedy {
  return { statement, able: true };
}

interface Membership {
  readonly role: string;
  /** Whether that role is a member of the owner, which then cannot become a member of it. */
  readonly circular: boolean;
  readonly admin: boolean;
  readonly inherit: boolean;
  readonly set: boolean;
  readonly version: number;
}

function memberAs(pair: Pair, { role, circular, admin, inherit, set, version }: Membership): Remedy {
  const [name, owner] = [identifier(role), identifier(pair.owner)];
  if (circular) {
    return {
      statement: `REVOKE ${name} FROM ${identifier(pair.alternate)}`,
      able: false,
      because: `${name} is itself a member of ${owner}`,
    };
  }
  const options =
    version >= MEMBERSHIP_OPTIONS_SINCE
      ? [`INHERIT ${inherit}`, `SET ${set}`, ...(admin ? ['ADMIN true'] : [])]
      : [...(admin ? ['ADMIN OPTION'] : [])];
  return byAdmin(`GRANT ${name} TO ${owner}${options.length > 0 ? ` WITH ${options.join(', ')}` : ''}`);
}

interface FoundDatabase {
  readonly name: string;
  readonly owner: string;
  /** Whether anybody may connect. */
  readonly open: boolean;
  readonly connects: boolean;
}

/** What lets the alternate, which inherits from the owner, into a database that it cannot connect to. */
function entryTo({ owner: grantee }: Pair, { name, owner, open, connects }: FoundDatabase): Remedy[] {
  const statements = [
    ...(open ? [] : [`ALTER DATABASE ${identifier(name)} ALLOW_CONNECTIONS true`]),
    ...(connects ? [] : [`GRANT CONNECT ON DATABASE ${identifier(name)} TO ${identifier(grantee)}`]),
  ];
  return statements.map(statement => ({
    statement,
    by: owner,
    able: false,
    because: 'the alternate has something in that database',
  }));
}

/** The direct memberships of the alternate, with their options, which the owner does not have in full. */
const MEMBERSHIPS = `
  SELECT m.role, m.admin, m.inherit, m.set, m.version, pg_catalog.pg_has_role(m.oid, m.owner, 'MEMBER') AS circular
  FROM (
    SELECT g.oid, g.rolname AS role, o.oid AS owner, v.version, pg_catalog.bool_or(m.admin_option) AS admin,
      pg_catalog.bool_or(COALESCE((pg_catalog.to_jsonb(m) OPERATOR(pg_catalog.->>) 'inherit_option')::pg_catalog.bool, a.rolinherit AND o.rolinherit)) AS inherit,
      pg_catalog.bool_or(COALESCE((pg_catalog.to_jsonb(m) OPERATOR(pg_catalog.->>) 'set_option')::pg_catalog.bool, true)) AS set
    FROM pg_catalog.pg_auth_members AS m JOIN pg_catalog.pg_roles AS g ON g.oid OPERATOR(pg_catalog.=) m.roleid
      JOIN pg_catalog.pg_roles AS a ON a.oid OPERATOR(pg_catalog.=) m.member
      JOIN pg_catalog.pg_roles AS o ON o.rolname OPERATOR(pg_catalog.=) $2::pg_catalog.name AND o.oid OPERATOR(pg_catalog.<>) g.oid
      CROSS JOIN (SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4) AS v (version)
    WHERE a.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name
    GROUP BY g.oid, g.rolname, o.oid, v.version
  ) AS m
  WHERE NOT pg_catalog.pg_has_role(m.owner, m.oid, 'MEMBER')
    OR (m.inherit AND NOT pg_catalog.pg_has_role(m.owner, m.oid, 'USAGE'))
    OR (m.set AND NOT pg_catalog.pg_has_role(m.owner, m.oid, CASE WHEN m.version OPERATOR(pg_catalog.>=) ${MEMBERSHIP_OPTIONS_SINCE} THEN 'SET' ELSE 'MEMBER' END))
    OR (m.admin AND NOT pg_catalog.pg_has_role(m.owner, m.oid, 'MEMBER WITH ADMIN OPTION'))
  ORDER BY 1`;

/** A row where the alternate may create databases and the owner may not. More than that no alternate may have. */
const ATTRIBUTES = `
  SELECT FROM pg_catalog.pg_roles AS a, pg_catalog.pg_roles AS o
  WHERE a.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name AND o.rolname OPERATOR(pg_catalog.=) $2::pg_catalog.name
    AND a.rolcreatedb AND NOT o.rolcreatedb`;

/** Where the alternate owns something, or something is said of it. */
const DATABASES = `
  SELECT d.datname AS name, pg_catalog.pg_get_userbyid(d.datdba) AS owner, d.datallowconn AS open,
    pg_catalog.has_database_privilege($1::pg_catalog.name, d.oid, 'CONNECT') AS connects
  FROM pg_catalog.pg_database AS d
  WHERE d.datname OPERATOR(pg_catalog.=) $2::pg_catalog.name OR d.oid OPERATOR(pg_catalog.=) ANY (
    SELECT s.dbid FROM pg_catalog.pg_shdepend AS s JOIN pg_catalog.pg_roles AS a ON a.oid OPERATOR(pg_catalog.=) s.refobjid
    WHERE s.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass::pg_catalog.oid
      AND a.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name AND s.deptype OPERATOR(pg_catalog.=) ANY (ARRAY['o', 'a', 'r']::"char"[])
  )
  ORDER BY 1`;
