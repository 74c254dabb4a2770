import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import { EventLog } from './event-log';
import { Probe } from './probe';
import { DatabaseSource, RotatingPostgres } from '../../../src';

/** What the databases share, and the questions that need none. */
class Common extends Stack {
  readonly vpc: ec2.Vpc;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
    });
    new CfnOutput(this, 'EventLogGroup', { value: new EventLog(this, 'EventLog').logGroupName });
    new Probe(this, 'BySourceArn', { bySourceArn: true });
    new Probe(this, 'FailingTest', { failingStep: 'testSecret' });
  }
}

/** A kind of database, in a stack of its own: that it cannot be deployed is an answer. */
class Database extends Stack {
  readonly db: RotatingPostgres;

  constructor(scope: Construct, id: string, vpc: ec2.IVpc, database: DatabaseSource) {
    super(scope, id);
    this.db = new RotatingPostgres(this, 'Db', { vpc, database, removalPolicy: RemovalPolicy.DESTROY });
    new CfnOutput(this, 'SecretArn', { value: this.db.secret.secretArn });
    new CfnOutput(this, 'AdminSecretArn', { value: this.db.adminSecret.secretArn });
  }
}

export const app = new App();
const { vpc } = new Common(app, 'AcceptanceCommon');
const instance = () =>
  DatabaseSource.instance({
    instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MICRO),
    multiAz: false,
  });

new Database(app, 'AcceptanceInstance', vpc, instance());
new Database(app, 'AcceptanceAurora', vpc, DatabaseSource.aurora());
const restricted = new Database(app, 'AcceptanceRestricted', vpc, instance());
for (const group of restricted.node.findAll().filter(construct => construct instanceof rds.CfnDBParameterGroup)) {
  group.addPropertyOverride('Parameters.rds\\.restrict_password_commands', '1');
}
