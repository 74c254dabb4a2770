import { Stack } from 'aws-cdk-lib';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import { fail } from '../private/errors';

const WAY_OUT =
  "leave 'managedAdminPassword' out, and this library creates and rotates the admin secret; " +
  'or use an Aurora cluster, whose' +
  ' readers are not read replicas of this kind';

/**
 * Refuses read replicas of an instance whose master password RDS manages, which Amazon RDS does not support. Replicas
 * that the app itself creates are found at synthesis.
 */
export function refuseReplicasOfManagedAdmin(scope: Construct, instance: rds.DatabaseInstance, asked: number): void {
  if (asked > 0) {
    fail(
      scope,
      `'readReplicas' is ${asked}, and Amazon RDS makes none where it manages the admin's password; ${WAY_OUT}`,
    );
  }
  const source = instance.node.defaultChild as rds.CfnDBInstance;
  scope.node.addValidation({
    validate: () =>
      Stack.of(scope)
        .node.findAll()
        .filter(construct => construct instanceof rds.CfnDBInstance)
        .filter(replica =>
          JSON.stringify(replica.stack.resolve(replica.sourceDbInstanceIdentifier) ?? '').includes(
            `{"Ref":"${replica.stack.resolve(source.logicalId)}"}`,
          ),
        )
        .map(
          replica =>
            `'${replica.node.path}' is a read replica, and Amazon RDS makes none where it manages the admin's ` +
            `password; ${WAY_OUT}`,
        ),
  });
}
