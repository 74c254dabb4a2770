import { Duration, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Construct, IConstruct } from 'constructs';
import { masterCredentials } from './admin-password';
import { groupsPolicy, NewDatabaseProps, protection } from './new-database';
import { MAINTENANCE_DATABASE } from '../contract';
import { innermostSubnets } from '../network/subnets';
import { fail } from '../private/errors';

/**
 * The engine refuses a login without TLS, keeps no password but as a SCRAM verifier, and takes no other proof of one.
 */
const PARAMETERS = {
  'rds.force_ssl': '1',
  password_encryption: 'scram-sha-256',
  'rds.accepted_password_auth_method': 'scram',
};

/** What a server of every kind is made of, and beside it what it needs. */
export function serverParts(scope: Construct, engine: rds.IEngine, props: NewDatabaseProps) {
  return {
    databaseName: newDatabaseName(scope, props.databaseName),
    parameterGroup: parameterGroup(scope, engine, props),
    securityGroup: securityGroup(scope, props),
    vpcSubnets: innermostSubnets(scope, props.vpc),
    credentials: masterCredentials(scope, props),
    backupRetention: props.backupRetention ?? Duration.days(7),
    protection: protection(props),
  };
}

export type ServerParts = ReturnType<typeof serverParts>;

/** What every instance has, whether it is the server or one of a cluster. */
export function instanceSettings(encryptionKey: kms.IKey) {
  return {
    publiclyAccessible: false,
    enablePerformanceInsights: true,
    performanceInsightEncryptionKey: encryptionKey,
    caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
    autoMinorVersionUpgrade: true,
  };
}

/** A group that lets nothing out; whoever may come in is added by name. */
function securityGroup(scope: Construct, props: NewDatabaseProps): ec2.SecurityGroup {
  const group = new ec2.SecurityGroup(scope, 'SecurityGroup', {
    vpc: props.vpc,
    description: 'PostgreSQL database',
    allowAllOutbound: false,
  });
  group.applyRemovalPolicy(groupsPolicy(props));
  return group;
}

function parameterGroup(scope: Construct, engine: rds.IEngine, props: NewDatabaseProps): rds.ParameterGroup {
  return new rds.ParameterGroup(scope, 'ParameterGroup', {
    engine,
    description: 'TLS only, SCRAM only',
    removalPolicy: groupsPolicy(props),
    parameters: PARAMETERS,
  });
}

/** The name of the application's database, which is created with the server. */
function newDatabaseName(scope: IConstruct, name = 'app'): string {
  if (Token.isUnresolved(name)) return name;
  if (!/^[a-z_]\w{0,62}$/i.test(name)) {
    fail(
      scope,
      `'databaseName' is '${name}'; RDS wants a letter or an underscore first, then letters, digits and ` +
        'underscores, at most 63',
    );
  }
  if ([MAINTENANCE_DATABASE, 'rdsadmin', 'template0', 'template1'].includes(name.toLowerCase())) {
    fail(scope, `'databaseName' is '${name}', which every server has and no application may own; choose another`);
  }
  return name;
}

/** How many of something are made, which has to be known when the app is synthesised. */
export function countOf(scope: IConstruct, prop: string, count: number, most: number): number {
  if (Token.isUnresolved(count)) fail(scope, `'${prop}' is a token, but resources are made one by one; write a number`);
  if (!Number.isInteger(count) || count < 0 || count > most) {
    fail(scope, `'${prop}' is ${count}; Amazon RDS makes 0 to ${most}`);
  }
  return count;
}
