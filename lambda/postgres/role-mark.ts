/**
 * What the comment on a login says: which secret it belongs to, so that no other secret of this library takes it over,
 * and what this library did to it, so that it undoes nothing that a person did. Only who may administer the role can
 * write the comment.
 */
export interface RoleMark {
  readonly secretArn: string;
  /** The version of the secret whose password the login has. */
  readonly version?: string;
  /** The `VALID UNTIL` that a retirement set, in UTC. */
  readonly validUntil?: string;
  /** Whether the login was revoked, and has had no password since. */
  readonly revoked?: boolean;
}

/** A comment: our mark, and in front of it what somebody else wrote. */
export interface RoleComment {
  readonly foreign: string;
  readonly mark?: RoleMark;
}

const BEGINNING = 'cdk-rotating-postgres: password in ';
const MARK = new RegExp(`^${BEGINNING}([^\\s,]+)(?:, version ([^\\s,]+))?(?:, valid until ([^\\s,]+))?(, revoked)?`);

/** Takes a comment apart. The mark is a line of its own, wherever somebody may have put text around it. */
export function parseComment(comment: string | null): RoleComment {
  const lines = comment?.split('\n') ?? [];
  const at = lines.findIndex(line => MARK.test(line));
  if (at === -1) return { foreign: comment ?? '' };
  const [, secretArn, version, validUntil, revoked] = MARK.exec(lines[at])!;
  const foreign = lines.filter((_, index) => index !== at).join('\n');
  return { foreign, mark: { secretArn, version, validUntil, revoked: revoked !== undefined } };
}

/** Puts a comment together. */
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

/** Which resource made a login without a password, as its comment says. */
export function makerIn(comment: string | null): string | undefined {
  return comment
    ?.split('\n')
    .find(line => line.startsWith(MAKER))
    ?.slice(MAKER.length);
}

/** Leaves what somebody else wrote where it is. */
export function commentOfMaker(comment: string | null, maker: string): string {
  return [...(comment ? [comment] : []), MAKER + maker].join('\n');
}
