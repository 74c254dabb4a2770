import type { Rig } from './rig';

/** What makes a login more than an application's: as the error says it, and as CREATE ROLE does. */
export const RIGHTS = {
  'is a superuser': 'SUPERUSER',
  'has CREATEROLE': 'CREATEROLE',
  'has REPLICATION': 'REPLICATION',
  'has BYPASSRLS': 'BYPASSRLS',
  'is a member of rds_superuser': 'IN ROLE rds_superuser',
  'is a member of rds_iam': 'IN ROLE rds_iam',
  'is a member of rds_ad': 'IN ROLE rds_ad',
} as const;

/**
 * The groups of RDS that the local server has not; they belong to the whole server, so another test may have made them.
 */
export async function createGroups({ inspect }: Rig): Promise<void> {
  for (const group of ['rds_iam', 'rds_ad']) {
    await inspect(`CREATE ROLE ${group} NOLOGIN`).catch(error => expect(['42710', '23505']).toContain(error.code));
  }
}
