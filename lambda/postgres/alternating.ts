import type { Connection } from './connection';
import { copySettings } from './role-settings';
import { MEMBERSHIP_OPTIONS_SINCE, readRoles, type Role, roleRefused, withMissingGrant } from './roles';
import { identifier, literal } from './sql';
import { log } from '../log';
import type { Pair } from '../ports/database';
import { scramVerifier } from '../scram';

/**
 * Makes a login of the pair ready, as the admin, in one transaction. The alternate is a member of the owner and its
 * sessions start as the owner, so that whatever either creates belongs to one role. That and the rest is looked at on each
 * rotation, and set right: a lost membership would only make PostgreSQL warn, and the session go on as the wrong role.
 */
export async function armLogin(
  connection: Connection, pair: Pair, secretArn: string, username: string, password: string,
): Promise<void> {
  const { owner, alternate } = await readRoles(connection, pair, secretArn);
  if (!owner) throw roleRefused(`the role "${pair.owner}" does not exist, so "${pair.alternate}" cannot alternate with it`);
  if (alternate && !alternate.memberOfOwner) {
    throw roleRefused(`the role "${pair.alternate}" exists and is not a member of "${pair.owner}": it may belong to somebody else. ` +
      `If it is meant to alternate, run: GRANT ${identifier(pair.owner)} TO ${identifier(pair.alternate)}`);
  }
  const verifier = literal(await scramVerifier(password, owner.iterations));
  const create = username === pair.alternate && !alternate;
  await connection.run([
    `${create ? 'CREATE' : 'ALTER'} ROLE ${identifier(username)} LOGIN PASSWORD ${verifier}`,
    ...alternate || create ? tieTogether(pair, owner, alternate) : [],
  ]).catch(error => { throw withMissingGrant(error, connection, [owner, alternate]); });
}

/** What the alternate lacks to be as the owner. */
function tieTogether(pair: Pair, owner: Role, alternate: Role | undefined): string[] {
  const options = owner.version >= MEMBERSHIP_OPTIONS_SINCE ? ' WITH INHERIT TRUE, SET TRUE' : '';
  const name = identifier(pair.alternate);
  const statements: string[] = [];
  if (!alternate?.fullMember) statements.push(`GRANT ${identifier(pair.owner)} TO ${name}${options}`);
  if (alternate?.connectionLimit !== owner.connectionLimit) statements.push(`ALTER ROLE ${name} CONNECTION LIMIT ${owner.connectionLimit}`);
  // Made by AWS's own function, it may own objects: as the owner, its sessions would lose them. Then it stays as it was made.
  const asItself = alternate?.ownsObjects && !startsAs(alternate);
  if (asItself) log.warn('the alternate owns objects of its own, so its sessions do not start as the owner', { ...pair });
  return [...statements, ...copySettings(pair.alternate, owner.settings, alternate?.settings ?? [], asItself ? undefined : pair.owner)];
}

function startsAs(role: Role): boolean {
  return role.settings.some(({ database, settings }) => database === null && settings.some(setting => setting.startsWith('role=')));
}
