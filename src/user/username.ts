import { Token } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { ALTERNATE_SUFFIX, MAX_NAME_BYTES } from '../contract';
import { AdminSecret } from '../database/admin-secret';
import { fail } from '../private/errors';

/**
 * Validates the name of a user with a password. The suffix counts for a single user too: the functions look for a
 * second login, which may exist from another strategy.
 */
export function validUsername(scope: IConstruct, name: string): string {
  if (Token.isUnresolved(name)) {
    fail(scope, "'username' is a token, but the names of both logins are checked at synthesis; write a literal");
  }
  const bytes = Buffer.byteLength(name + ALTERNATE_SUFFIX);
  if (name === '' || bytes > MAX_NAME_BYTES) {
    fail(
      scope,
      `'username' is '${name}', ${bytes} bytes with the suffix ${ALTERNATE_SUFFIX} of a second login;` +
        ` PostgreSQL allows ${MAX_NAME_BYTES}, choose a name of 1 to ${MAX_NAME_BYTES - ALTERNATE_SUFFIX.length}`,
    );
  }
  return unreserved(scope, name);
}

/**
 * Validates the name of a user without a password. It is part of an ARN, in which `*` and `?` would match other users,
 * and `$` would start a policy variable.
 */
export function validIamUsername(scope: IConstruct, name: string): string {
  if (Token.isUnresolved(name)) return name;
  if (!/^[\w.@+=,-]+$/.test(name) || name.length > MAX_NAME_BYTES) {
    fail(
      scope,
      `'username' is '${name}'; it stands in the ARN of permissions, so use letters, digits and _.@+=,-, ` +
        `at most ${MAX_NAME_BYTES}`,
    );
  }
  return unreserved(scope, name);
}

function unreserved(scope: IConstruct, name: string): string {
  if (name.endsWith(ALTERNATE_SUFFIX)) {
    fail(scope, `'username' is '${name}', and ${ALTERNATE_SUFFIX} ends the name of a second login; choose another`);
  }
  if (/^(pg_|rds_|rdsadmin$)/.test(name) || name === AdminSecret.USERNAME) {
    fail(
      scope,
      `'username' is '${name}', which belongs to the administrator, to PostgreSQL (pg_) or to RDS (rds); ` +
        'choose another',
    );
  }
  return name;
}
