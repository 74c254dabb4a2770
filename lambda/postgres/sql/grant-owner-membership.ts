import { copySettings } from './copy-settings';
import { readRoles } from './read-roles';
import type { Pair } from '../../ports/logins';
import type { Connection } from '../connection';
import { retried } from '../retry-overtaken';
import { MEMBERSHIP_OPTIONS_SINCE, type Role, roleRefused, withAdminOption } from '../role';
import { quoteIdentifier } from '../template/quote';
import { identifier, integer, type Sql, sql } from '../template/sql';
import { ownValidUntil, validUntil } from '../valid-until';

/**
 * Makes the alternate a member of the owner and lets its sessions start as the owner, even if the alternate has objects
 * or grants of its own.
 */
export async function grantOwnerMembership(admin: Connection, pair: Pair): Promise<void> {
  await retried(admin, async () => {
    const { owner, alternate } = await readPair(admin, pair);
    if (!alternate) throw roleRefused(`the role "${pair.alternate}" does not exist`);
    const statements = joinOwner(pair, owner, alternate, { hasNewPassword: false, keepsOwnRole: false });
    await admin.run(statements).catch(error => {
      throw withAdminOption(error, admin, [owner, alternate]);
    });
  });
}

/** Reads both logins. If the alternate exists, it has to be a member of the owner. */
export async function readPair(
  admin: Connection,
  pair: Pair,
  secretArn?: string,
): Promise<{ owner: Role; alternate?: Role }> {
  const { owner, alternate } = await readRoles(admin, pair, secretArn);
  if (!owner) {
    throw roleRefused(`the role "${pair.owner}" does not exist, so "${pair.alternate}" cannot alternate with it`);
  }
  if (alternate && !alternate.memberOfOwner) {
    throw roleRefused(
      `the role "${pair.alternate}" exists and is not a member of "${pair.owner}": it may belong to somebody else. ` +
        `If it is meant to alternate, run: GRANT ${quoteIdentifier(pair.owner)} TO ${quoteIdentifier(pair.alternate)}`,
    );
  }
  return { owner, alternate };
}

interface AlternateState {
  /** Whether this change sets the alternate's password, and with it its `VALID UNTIL`. */
  readonly hasNewPassword: boolean;
  /** Whether the alternate's sessions keep starting as the alternate itself. */
  readonly keepsOwnRole: boolean;
}

/**
 * The statements that give the alternate its membership in the owner, and the owner's connection limit, `VALID UNTIL`
 * and settings, as far as they differ.
 */
export function joinOwner(pair: Pair, owner: Role, alternate: Role | undefined, state: AlternateState): Sql[] {
  const options = owner.version >= MEMBERSHIP_OPTIONS_SINCE ? sql` WITH INHERIT TRUE, SET TRUE` : sql``;
  const name = identifier(pair.alternate);
  const statements: Sql[] = [];
  if (!alternate?.fullMember) statements.push(sql`GRANT ${identifier(pair.owner)} TO ${name}${options}`);
  if (alternate?.connectionLimit !== owner.connectionLimit) {
    statements.push(sql`ALTER ROLE ${name} CONNECTION LIMIT ${integer(owner.connectionLimit)}`);
  }
  const [from, to] = [alternate && ownValidUntil(alternate), ownValidUntil(owner)];
  if (from !== undefined && from !== to && !state.hasNewPassword) {
    statements.push(sql`ALTER ROLE ${name}${validUntil(from, to)}`);
  }
  return state.keepsOwnRole
    ? statements
    : [...statements, ...copySettings(pair.alternate, owner.settings, alternate?.settings ?? [], pair.owner)];
}
