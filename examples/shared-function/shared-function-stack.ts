import { RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { EncryptionKey, Privileges, RotatingPostgres, RotationFunction, RotationSchedule } from '../../src';
import { companyVpc } from '../company';

export interface SharedFunctionStackProps extends StackProps {
  /** `DESTROY` lets the databases go with the stack; by default they stay. */
  readonly removalPolicy?: RemovalPolicy;
}

/** Two databases with two users each, whose passwords one function rotates, by night and not all at once. */
export class SharedFunctionStack extends Stack {
  constructor(scope: Construct, id: string, props: SharedFunctionStackProps = {}) {
    super(scope, id, props);
    const { removalPolicy } = props;

    const vpc = companyVpc(this, removalPolicy);

    const encryptionKey = new EncryptionKey(this, 'Key', { removalPolicy });
    const rotationFunction = new RotationFunction(this, 'Rotation', { vpc });
    const schedule = { when: RotationSchedule.spread({ fromHour: 1, toHour: 5 }) };

    const orders = new RotatingPostgres(this, 'Orders', {
      vpc,
      encryptionKey,
      rotationFunction,
      schedule,
      removalPolicy,
    });
    const invoices = new RotatingPostgres(this, 'Invoices', {
      vpc,
      encryptionKey,
      rotationFunction,
      schedule,
      removalPolicy,
      notificationTopic: orders.monitoring.topic,
    });
    for (const database of [orders, invoices]) database.addUser('reports', { privileges: Privileges.readOnly() });
  }
}
