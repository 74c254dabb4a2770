import { resetSettings } from './copy-settings';
import { fenced } from './fence-change';
import { queryRoles } from './read-roles';
import type { Pair, ResetSetting, RevokedLogins } from '../../ports/logins';
import type { Connection } from '../connection';
import { retried } from '../retry-overtaken';
import { checkRole, type Role, roleRefused, withAdminOption } from '../role';
import { identifier, type Sql, sql } from '../template/sql';
import { ownValidUntil, validUntil } from '../valid-until';

/**
 * Sets NOLOGIN, removes the password and resets the settings of the logins of a pair. Settings are reset because an
 * intruder may have changed them. The comments record the revocation, and a running rotation stops when it reads them.
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
    // RESET ALL leaves settings that only a superuser may change. The login cannot have made them.
    const kept = new Set(settingsOf(Object.values(await queryRoles(admin, pair)), pair).map(keyOf));
    return { logins: roles.map(({ name }) => name), settings: settings.filter(setting => !kept.has(keyOf(setting))) };
  });
}

/** Another secret may own a role with the alternate's name. */
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

/** All settings except the alternate's `SET role` default, which the next rotation sets again. */
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
