import { CfnResource } from 'aws-cdk-lib';
import * as rds from 'aws-cdk-lib/aws-rds';
import { NewDatabaseProps, protection } from './new-database';
import { acknowledge, compliance } from '../private/acknowledge';

/** Records for cdk-nag and checkov why their findings on a database of this library are intended. */
export function acknowledgeDatabase(resource: CfnResource, props: NewDatabaseProps): void {
  acknowledge(resource, {
    rules: ['AwsSolutions-RDS11'],
    reason: 'Another port hides nothing: security groups name each peer, and tools, secrets and people expect 5432.',
  });
  if (resource instanceof rds.CfnDBInstance) {
    acknowledge(resource, {
      rules: ['CKV_AWS_118', ...compliance('RDSEnhancedMonitoringEnabled')],
      reason:
        'Performance Insights is on; figures of the operating system are a choice, with a role and logs of its own.',
    });
    acknowledge(resource, {
      rules: compliance('RDSInBackupPlan'),
      reason: 'Amazon RDS backs it up by itself; a plan of AWS Backup for the account may add to that.',
    });
  }
  if (protection(props).deletionProtection) return;
  acknowledge(resource, {
    rules: ['AwsSolutions-RDS10', ...compliance('RDSInstanceDeletionProtectionEnabled')],
    reason: 'The user asked for a database that goes with its stack; protection would make its deletion fail.',
  });
}
