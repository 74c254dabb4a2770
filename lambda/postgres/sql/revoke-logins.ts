import { resetSettings } from './copy-settings';
import { fenced } from './fence-change';
import { queryRoles } from './read-roles';
import type { Pair, ResetSetting, RevokedLogins } from '../../ports/database';
import type { Connection } from '../connection';
import { retried } from '../retry-overtaken';
import { checkRole, type Role, roleRefused, withAdminOption } from '../role';
import { identifier, type Sql, sql } from '../template/sql';
import { ownValidUntil, validUntil } from '../valid-until';

/**
 * Takes from the logins of a pair all that lets somebody in, and the settings, by which somebody who had one of them
 * may have left something behind. The comments say so, at which a rotation that is under way stops.
 */
export async function revokeLogins(
  admin: Connection,
  pair: Pair,
  secretArn: string,
  announce: (settings: readonly ResetSetting[]) => void,
): Promise<RevokedLogins> {
  return retried(admin, async () => {
    const { owner, alternate } = await queryRoles(admin, pair);
    if (!owner) throw roleRefused(`the role "${pair.owner}" does not exist`);
    const roles = alternate && alternate !== owner && belongs(alternate, secretArn) ? [owner, alternate] : [owner];
    for (const role of roles) checkRole(role, secretArn);
    const settings = settingsOf(roles, pair);
    announce(settings);
    await admin.run(roles.flatMap(role => fenced(role, disabling(role), { secretArn, revoked: true }))).catch(error => {
      throw withAdminOption(error, admin, roles);
    });
    // What only a superuser may set the login did not set, and RESET ALL leaves.
    const kept = new Set(settingsOf(Object.values(await queryRoles(admin, pair)), pair).map(keyOf));
    return { logins: roles.map(({ name }) => name), settings: settings.filter(setting => !kept.has(keyOf(setting))) };
  });
}

/** A role of that name may be somebody else's. */
function belongs({ mark, memberOfOwner }: Role, secretArn: string): boolean {
  return mark ? mark.secretArn === secretArn : memberOfOwner;
}

function disabling(role: Role): Sql[] {
  const period = validUntil(role.validUntil, ownValidUntil(role));
  return [
    sql`ALTER ROLE ${identifier(role.name)} NOLOGIN PASSWORD NULL${period}`,
    ...role.settings.map(({ database }) => resetSettings(role.name, database)),
  ];
}

/** Without what the next rotation sets by itself: as whom the sessions start. */
function settingsOf(roles: readonly (Role | undefined)[], { owner }: Pair): ResetSetting[] {
  return roles
    .flatMap(role => role ?? [])
    .flatMap(({ name, settings }) =>
      settings.flatMap(({ database, settings: own }) => own.map(setting => ({ login: name, database, setting }))),
    )
    .filter(({ setting }) => setting !== `role=${owner}`);
}

function keyOf({ login, database, setting }: ResetSetting): string {
  return JSON.stringify([login, database, setting]);
}
