import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import {
  DatabaseSource,
  PostgresDatabase,
  RotatingPostgres,
  RotatingPostgresProps,
  RotationStrategy,
} from '../../../src';
import { isolatedVpc } from '../support/stacks';

type Make = (stack: Stack, vpc: ec2.IVpc) => void;

const orders =
  (props: Partial<RotatingPostgresProps> = {}): Make =>
  (stack, vpc) =>
    void new RotatingPostgres(stack, 'Orders', { vpc, ...props });

/** What users deploy. Each form stands in resources.json with what it must keep. */
export const FORMS: Readonly<Record<string, Make>> = {
  default: orders(),
  'everything that can change without a loss': orders({
    strategy: RotationStrategy.SINGLE_USER,
    schedule: { automaticallyAfter: Duration.days(7), rotateImmediately: false },
    rotation: { passwords: { length: 64 }, retireAfter: Duration.hours(1) },
    database: DatabaseSource.instance({
      instanceType: new ec2.InstanceType('r8g.large'),
      multiAz: false,
      backupRetention: Duration.days(30),
    }),
    removalPolicy: RemovalPolicy.DESTROY,
  }),
  'names of its own': orders({
    databaseName: 'orders',
    username: 'orders',
    naming: { environment: 'production', application: 'orders' },
  }),
  "a key of the user's": (stack, vpc) => orders({ encryptionKey: new kms.Key(stack, 'Own') })(stack, vpc),
  'a password that RDS manages': orders({ database: DatabaseSource.instance({ managedAdminPassword: true }) }),
  'read replicas': orders({ database: DatabaseSource.instance({ readReplicas: 2 }) }),
  Aurora: orders({ database: DatabaseSource.aurora() }),
  'Multi-AZ cluster': orders({ database: DatabaseSource.multiAzCluster() }),
  'further users': (stack, vpc) => {
    const db = new RotatingPostgres(stack, 'Orders', { vpc });
    db.addUser('reports');
    db.addIamUser('analyst');
  },
  adopted: (stack, vpc) =>
    void RotatingPostgres.adopt(stack, 'Orders', {
      vpc,
      database: PostgresDatabase.fromAttributes(stack, 'Legacy', {
        host: 'db.example.com',
        databaseName: 'orders',
        peer: ec2.Peer.ipv4('10.20.0.5/32'),
        adminSecret: secretsmanager.Secret.fromSecretCompleteArn(
          stack,
          'Admin',
          'arn:aws:secretsmanager:eu-west-1:111122223333:secret:admin-AbCdEf',
        ),
      }),
    }),
};

/** A stack with one form, whose names are the same in each. */
export function deployedAs(make: Make): Stack {
  const stack = new Stack(new App(), 'Stack');
  make(stack, isolatedVpc(stack));
  return stack;
}
