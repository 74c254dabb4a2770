import { IAM_GROUP } from '../role';
import { list, literal, sql } from '../template/sql';

/**
 * The branches of a CASE that says why a role `r` is more than an application's, for its rights or as a member of one
 * of the groups.
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
/** RDS takes no password from a member of `rds_iam` or `rds_ad`. */
export const MORE_THAN_AN_APPLICATION = moreThanAnApplication('rds_superuser', IAM_GROUP, 'rds_ad');
export const MORE_THAN_AN_IAM_LOGIN = moreThanAnApplication('rds_superuser', 'rds_ad');

/** Of the role `r`. What shobj_description() does, which a session that has just begun has to look up first. */
export const COMMENT_ON_ROLE = sql`(
      SELECT c.description FROM pg_shdescription AS c
      WHERE c.objoid = r.oid AND c.classoid = 'pg_catalog.pg_authid'::regclass::oid
    )`;

/** The class of an object, where that has no owner who could give it away. */
export const WITHOUT_OWNERSHIP = sql`ARRAY[
        'pg_catalog.pg_default_acl'::regclass::oid, 'pg_catalog.pg_user_mapping'::regclass::oid
      ]`;
