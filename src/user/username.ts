import { Token } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { ALTERNATE_SUFFIX, MAX_NAME_BYTES } from '../contract';
import { AdminSecret } from '../database/admin-secret';
import { fail } from '../private/errors';

/**
 * The name of a user with a password. For a single user the suffix counts as well: the functions look for a second
 * login, which it may have had, or get with another strategy.
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
        ` PostgreSQL takes ${MAX_NAME_BYTES}, choose a name of 1 to ${MAX_NAME_BYTES - ALTERNATE_SUFFIX.length}`,
    );
  }
  return unreserved(scope, name);
}

/**
 * The name of a user without a password. It stands in an ARN, where `*` and `?` would mean other users as well, and `$`
 * a variable.
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
