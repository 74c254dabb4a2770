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
 * The engine refuses connections without TLS, stores passwords as SCRAM verifiers only, and accepts no other
 * authentication method.
 */
const PARAMETERS = {
  'rds.force_ssl': '1',
  password_encryption: 'scram-sha-256',
  'rds.accepted_password_auth_method': 'scram',
};

/** The properties and dependent resources that servers of every kind have in common. */
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

/** The settings of every instance, standalone or in a cluster. */
export function instanceSettings(encryptionKey: kms.IKey) {
  return {
    publiclyAccessible: false,
    enablePerformanceInsights: true,
    performanceInsightEncryptionKey: encryptionKey,
    caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
    autoMinorVersionUpgrade: true,
  };
}

/** A security group without egress rules. Each client gets an ingress rule of its own. */
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

/** A number of resources, which has to be known at synthesis. */
export function countOf(scope: IConstruct, prop: string, count: number, most: number): number {
  if (Token.isUnresolved(count)) fail(scope, `'${prop}' is a token, but resources are made one by one; write a number`);
  if (!Number.isInteger(count) || count < 0 || count > most) {
    fail(scope, `'${prop}' is ${count}; Amazon RDS makes 0 to ${most}`);
  }
  return count;
}
