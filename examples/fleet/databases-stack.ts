import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { EncryptionKey, RotatingPostgres, RotationFunction, RotationSchedule } from '../../src';
import { accept } from '../company';

export interface DatabasesStackProps {
  readonly vpc: ec2.IVpc;
  /**
   * Names of the databases. Their construct paths choose the hour and day of their rotation: a name that moves to
   * another stack changes them.
   */
  readonly databases: string[];
  readonly when: RotationSchedule;
  readonly removalPolicy?: RemovalPolicy;
}

/** Some databases of a fleet: they share a key, a rotation function and a topic. */
export class DatabasesStack extends Stack {
  constructor(scope: Construct, id: string, props: DatabasesStackProps) {
    super(scope, id);
    const { vpc, databases, when, removalPolicy } = props;
    const encryptionKey = new EncryptionKey(this, 'Key', { removalPolicy });
    const rotationFunction = new RotationFunction(this, 'Rotation', { vpc });
    const notificationTopic = new sns.Topic(this, 'Alarms', {
      displayName: 'PostgreSQL credential rotation',
      enforceSSL: true,
    });
    accept(notificationTopic, 'Its messages name a credential and never hold one.', 'CKV_AWS_26');
    for (const name of databases) {
      new RotatingPostgres(this, name, {
        vpc,
        encryptionKey,
        rotationFunction,
        notificationTopic,
        schedule: { when },
        removalPolicy,
      });
    }
  }
}
