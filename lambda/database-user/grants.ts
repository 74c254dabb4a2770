import {
  type DatabaseGrant,
  type DatabaseUserPrivileges,
  type DatabaseUserProperties,
  MAX_NAME_BYTES,
} from '../../src/contract';
import type { Access } from '../ports/logins';

type Invalid = (message: string) => Error;

const PRIVILEGES: readonly DatabaseUserPrivileges[] = ['owner', 'connect', 'readOnly', 'readWrite'];

/**
 * The privileges that the properties declare, one entry for each database, the user's own database first.
 *
 * @param invalid creates the error for an invalid property
 */
export function grantsOf(
  { database, privileges, owner, schemas, furtherGrants }: DatabaseUserProperties,
  invalid: Invalid,
): DatabaseGrant[] {
  const main = { database, privileges, owner, schemas: json('schemas', schemas, invalid) };
  const additional = json('furtherGrants', furtherGrants, invalid) ?? [];
  if (!Array.isArray(additional)) throw invalid('property "furtherGrants" is not a list');
  const grants = [main, ...additional].map(grant => checked(grant, invalid));
  const twice = grants.find(
    ({ database: name }, index) => grants.findIndex(other => other.database === name) !== index,
  );
  if (twice) throw invalid(`the database "${twice.database}" has privileges twice`);
  return grants;
}

/** The access to another user's tables that a grant declares; undefined where it declares none. */
export function accessOf(grant: DatabaseGrant | undefined): Access | undefined {
  if (!grant || grant.owner === undefined) return undefined;
  const { privileges, owner, schemas } = grant;
  return privileges === 'readOnly' || privileges === 'readWrite' ? { privileges, owner, schemas } : undefined;
}

function checked(grant: Partial<Record<keyof DatabaseGrant, unknown>> | null, invalid: Invalid): DatabaseGrant {
  const { database, privileges: given, owner, schemas } = grant ?? {};
  const privileges = PRIVILEGES.find(name => name === given);
  if (!isName(database)) throw invalid('privileges are declared for a database without a valid name');
  const where = `for the database "${database}"`;
  if (!privileges) throw invalid(`property "privileges" ${where} must be one of ${PRIVILEGES.join(', ')}`);
  if (owner !== undefined && !isName(owner)) throw invalid(`property "owner" ${where} is not a valid name of a user`);
  if (owner === undefined && privileges.startsWith('read')) {
    throw invalid(`property "owner" ${where} is missing: name the user that owns the tables`);
  }
  if (schemas !== undefined && !(Array.isArray(schemas) && schemas.every(isName))) {
    throw invalid(`property "schemas" ${where} is not a list of valid names`);
  }
  return { database, privileges, owner, schemas };
}

function isName(value: unknown): value is string {
  return (
    typeof value === 'string' && value !== '' && !value.includes('\0') && Buffer.byteLength(value) <= MAX_NAME_BYTES
  );
}

function json(property: string, text: string | undefined, invalid: Invalid): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(`property "${property}" is not JSON`);
  }
}
