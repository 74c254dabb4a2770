import { scramVerifier } from '../../credential/scram';
import type { Pair, SecretVersion } from '../../ports/database';
import type { Connection } from '../connection';
import { fenced, lockOf, retried, stillCommented } from '../fence';
import { formatComment } from '../role-mark';
import { copySettings } from '../role-settings';
import { MEMBERSHIP_OPTIONS_SINCE, readRoles, type Role, roleRefused, withMissingGrant } from '../roles';
import { confirmIfDoubtful, logSessions } from './set-single-password';
import { identifier, literal } from '../sql';
import { checkOwnPeriod, ownValidUntil, validUntil } from '../valid-until';

/**
 * Makes a login of the pair ready, as the admin, in one transaction. The alternate is a member of the owner and its
 * sessions start as the owner, so that whatever either creates belongs to one role. That and the rest is looked at on
 * each rotation, and set right: a lost membership would only make PostgreSQL warn, and the session go on as the wrong
 * role.
 */
export async function armLogin(
  connection: Connection,
  pair: Pair,
  secret: SecretVersion,
  username: string,
  password: string,
): Promise<{ adopt: boolean }> {
  return retried(connection, async () => {
    const [{ owner, alternate }, verifier] = await Promise.all([
      readPair(connection, pair, secret.arn),
      scramVerifier(password, connection.scramIterations),
    ]);
    const armed = username === pair.owner ? owner : alternate;
    checkOwnPeriod(owner);
    await confirmIfDoubtful(secret, armed, [owner, alternate]);
    logSessions(armed);
    // Sessions that stood when it began to start as the owner go on as the alternate, and create what is the
    // alternate's.
    const adopt =
      alternate !== undefined && (startsAs(alternate, pair.owner) ? alternate.ownsObjects : alternate.hasOwn);
    const period = validUntil(armed?.validUntil ?? null, ownValidUntil(owner));
    const arming =
      `${armed ? 'ALTER' : 'CREATE'} ROLE ${identifier(username)} LOGIN PASSWORD ` + `${literal(verifier)}${period}`;
    const mark = { secretArn: secret.arn, version: secret.version };
    await connection
      .run([
        ...(armed ? fenced(armed, [arming], mark) : madeFor(owner, arming, username, mark)),
        ...(alternate || !armed ? tieTogether(pair, owner, alternate, { armed: armed === alternate, adopt }) : []),
      ])
      .catch(error => {
        throw withMissingGrant(error, connection, [owner, alternate]);
      });
    return { adopt };
  });
}

/** Ties an alternate that starts as itself to the owner, whatever of its own it has. */
export async function tie(connection: Connection, pair: Pair): Promise<void> {
  await retried(connection, async () => {
    const { owner, alternate } = await readPair(connection, pair);
    if (!alternate) throw roleRefused(`the role "${pair.alternate}" does not exist`);
    await connection.run(tieTogether(pair, owner, alternate, { armed: false, adopt: false })).catch(error => {
      throw withMissingGrant(error, connection, [owner, alternate]);
    });
  });
}

async function readPair(
  connection: Connection,
  pair: Pair,
  secretArn?: string,
): Promise<{ owner: Role; alternate?: Role }> {
  const { owner, alternate } = await readRoles(connection, pair, secretArn);
  if (!owner) {
    throw roleRefused(`the role "${pair.owner}" does not exist, so "${pair.alternate}" cannot alternate with it`);
  }
  if (alternate && !alternate.memberOfOwner) {
    throw roleRefused(
      `the role "${pair.alternate}" exists and is not a member of "${pair.owner}": it may belong to somebody else. ` +
        `If it is meant to alternate, run: GRANT ${identifier(pair.owner)} TO ${identifier(pair.alternate)}`,
    );
  }
  return { owner, alternate };
}

/** The alternate is yet to be made, so that its comment is no fence: the owner's is. */
function madeFor(
  owner: Role,
  creation: string,
  username: string,
  mark: { secretArn: string; version: string },
): string[] {
  return [
    lockOf(owner),
    stillCommented(owner),
    creation,
    `COMMENT ON ROLE ${identifier(username)} IS ${literal(formatComment('', mark))}`,
  ];
}

interface Doing {
  /** Whether the alternate itself is being armed, its period with it. */
  readonly armed: boolean;
  /** Whether it is left to start as itself. */
  readonly adopt: boolean;
}

/** What the alternate lacks to be as the owner. */
function tieTogether(pair: Pair, owner: Role, alternate: Role | undefined, { armed, adopt }: Doing): string[] {
  const options = owner.version >= MEMBERSHIP_OPTIONS_SINCE ? ' WITH INHERIT TRUE, SET TRUE' : '';
  const name = identifier(pair.alternate);
  const statements: string[] = [];
  if (!alternate?.fullMember) statements.push(`GRANT ${identifier(pair.owner)} TO ${name}${options}`);
  if (alternate?.connectionLimit !== owner.connectionLimit) {
    statements.push(`ALTER ROLE ${name} CONNECTION LIMIT ${owner.connectionLimit}`);
  }
  const period = alternate && !armed ? validUntil(ownValidUntil(alternate), ownValidUntil(owner)) : '';
  if (period) statements.push(`ALTER ROLE ${name}${period}`);
  return adopt
    ? statements
    : [...statements, ...copySettings(pair.alternate, owner.settings, alternate?.settings ?? [], pair.owner)];
}

function startsAs(role: Role, owner: string): boolean {
  return role.settings.some(({ database, settings }) => database === null && settings.includes(`role=${owner}`));
}
