import { Annotations, Fn, Token } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { fail } from '../private/errors';

/**
 * From version 14 on, PostgreSQL and Amazon RDS store passwords as SCRAM verifiers by default, and Aurora can require
 * it.
 */
const OLDEST = 14;
/** The latest major version that the functions are tested on. */
const NEWEST = 18;

/** A PostgreSQL version and its major part, which names parameter group families. */
export interface EngineVersion {
  readonly full: string;
  readonly major: string;
}

/** The version of a new server. A token is not validated. */
export function engineVersion(scope: IConstruct, version = '18'): EngineVersion {
  if (Token.isUnresolved(version)) return { full: version, major: Fn.select(0, Fn.split('.', version)) };
  if (!/^\d+(\.\d+)?$/.test(version)) {
    fail(
      scope,
      `'version' is '${version}'; write a major version of PostgreSQL, such as '${NEWEST}', or ` +
        `'major.minor', such as '${NEWEST}.4'`,
    );
  }
  const [major] = version.split('.');
  checkMajor(scope, 'version', major);
  return { full: version, major };
}

/**
 * Refuses a major version whose passwords are MD5 hashes by default, and warns of one that is newer than the tested
 * ones.
 */
export function checkMajor(scope: IConstruct, prop: string, major: string | undefined): void {
  if (major === undefined || Token.isUnresolved(major)) return;
  if (Number(major) < OLDEST) {
    fail(
      scope,
      `'${prop}' is PostgreSQL ${major}, whose passwords are MD5 hashes by default; choose ` + `${OLDEST} to ${NEWEST}`,
    );
  }
  if (Number(major) > NEWEST) {
    Annotations.of(scope).addWarningV2(
      'cdk-rotating-postgres:untested-version',
      `'${prop}' is PostgreSQL ${major}, on which this version of the library was not tested; ${OLDEST} ` +
        `to ${NEWEST} are.`,
    );
  }
}
