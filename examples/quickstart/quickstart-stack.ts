import { CfnOutput, RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { RotatingPostgres } from '../../src';
import { companyVpc } from '../company';

export interface QuickstartStackProps extends StackProps {
  /** `DESTROY` lets the database go with the stack; by default it stays. */
  readonly removalPolicy?: RemovalPolicy;
}

/** A database, and a service that may read its credential and connect to it. */
export class QuickstartStack extends Stack {
  constructor(scope: Construct, id: string, props: QuickstartStackProps = {}) {
    super(scope, id, props);

    const vpc = companyVpc(this, props.removalPolicy);

    const db = new RotatingPostgres(this, 'Orders', { vpc, removalPolicy: props.removalPolicy });

    const role = new iam.Role(this, 'OrdersServiceRole', {
      assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),
    });
    const securityGroup = new ec2.SecurityGroup(this, 'OrdersServiceSecurityGroup', { vpc });
    db.grantRead(role);
    db.connections.allowDefaultPortFrom(securityGroup);

    new CfnOutput(this, 'SecretArn', { value: db.secret.secretArn });
    new CfnOutput(this, 'AdminSecretArn', { value: db.adminSecret.secretArn });
    new CfnOutput(this, 'Host', { value: db.database.host });
    new CfnOutput(this, 'Port', { value: db.database.port });
    new CfnOutput(this, 'RotationFunctionName', { value: db.rotationFunction.function.functionName });
  }
}
