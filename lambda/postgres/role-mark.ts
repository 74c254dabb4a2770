/**
 * The mark in the comment on a login. It names the secret that the login belongs to, so that no other secret of this
 * library takes the login over. It also records what this library did to the login, so that it undoes nothing that an
 * operator did. Only roles that may administer the login can write its comment.
 */
export interface RoleMark {
  readonly secretArn: string;
  /** The version of the secret whose password the login has. */
  readonly version?: string;
  /** The `VALID UNTIL` that a retirement set, in UTC. */
  readonly validUntil?: string;
  /** Whether the login was revoked and has not been given a password since. */
  readonly revoked?: boolean;
}

/** The comment on a role: the mark of this library, and the text of others in front of it. */
export interface RoleComment {
  readonly foreign: string;
  readonly mark?: RoleMark;
}

const BEGINNING = 'cdk-rotating-postgres: password in ';
const MARK = new RegExp(`^${BEGINNING}([^\\s,]+)(?:, version ([^\\s,]+))?(?:, valid until ([^\\s,]+))?(, revoked)?`);

/** Splits a comment. The mark is a line of its own; text may stand before and after it. */
export function parseComment(comment: string | null): RoleComment {
  const lines = comment?.split('\n') ?? [];
  const at = lines.findIndex(line => MARK.test(line));
  if (at === -1) return { foreign: comment ?? '' };
  const [, secretArn, version, validUntil, revoked] = MARK.exec(lines[at])!;
  const foreign = lines.filter((_, index) => index !== at).join('\n');
  return { foreign, mark: { secretArn, version, validUntil, revoked: revoked !== undefined } };
}

/** Formats a comment. */
export function formatComment(foreign: string, { secretArn, version, validUntil, revoked }: RoleMark): string {
  const mark = [
    `${BEGINNING}${secretArn}`,
    ...(version === undefined ? [] : [`version ${version}`]),
    ...(validUntil === undefined ? [] : [`valid until ${validUntil}`]),
    ...(revoked ? ['revoked'] : []),
  ].join(', ');
  return foreign === '' ? mark : `${foreign}\n${mark}`;
}

const MAKER = 'cdk-rotating-postgres: logs in through IAM, made by ';

/** The resource that created a login without a password, from the role's comment. */
export function makerIn(comment: string | null): string | undefined {
  return comment
    ?.split('\n')
    .find(line => line.startsWith(MAKER))
    ?.slice(MAKER.length);
}

/** Adds the creating resource to a comment, and keeps the text of others. */
export function commentOfMaker(comment: string | null, maker: string): string {
  return [...(comment ? [comment] : []), MAKER + maker].join('\n');
}
