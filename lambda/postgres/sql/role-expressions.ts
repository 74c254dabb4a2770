import { IAM_GROUP } from '../role';
import { list, literal, sql } from '../template/sql';

/**
 * The branches of a CASE that returns why a role `r` has more rights than an application's: an attribute, or membership
 * in one of the groups.
 */
const moreThanAnApplication = (...groups: string[]) => sql`
      WHEN r.rolsuper THEN 'is a superuser'
      WHEN r.rolcreaterole THEN 'has CREATEROLE'
      WHEN r.rolreplication THEN 'has REPLICATION'
      WHEN r.rolbypassrls THEN 'has BYPASSRLS'
      ELSE (
        SELECT 'is a member of ' || g.rolname
        FROM pg_roles AS g
        WHERE g.rolname = ANY (ARRAY[${list(groups.map(literal))}]::name[]) AND pg_has_role(r.oid, g.oid, 'MEMBER')
        LIMIT 1
      )`;
/** RDS accepts no password from members of `rds_iam` or `rds_ad`. */
export const MORE_THAN_AN_APPLICATION = moreThanAnApplication('rds_superuser', IAM_GROUP, 'rds_ad');
export const MORE_THAN_AN_IAM_LOGIN = moreThanAnApplication('rds_superuser', 'rds_ad');

/**
 * The comment on the role `r`. `shobj_description()` returns the same, but a new session has to look that function up
 * first.
 */
export const COMMENT_ON_ROLE = sql`(
      SELECT c.description FROM pg_shdescription AS c
      WHERE c.objoid = r.oid AND c.classoid = 'pg_catalog.pg_authid'::regclass::oid
    )`;

/** The classes of objects whose owner cannot be changed. */
export const WITHOUT_OWNERSHIP = sql`ARRAY[
        'pg_catalog.pg_default_acl'::regclass::oid, 'pg_catalog.pg_user_mapping'::regclass::oid
      ]`;
