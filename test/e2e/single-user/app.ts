import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { RotatingPostgres, RotationStrategy } from '../../../src';

const stack = new Stack(new App(), 'SingleUser');
const vpc = new ec2.Vpc(stack, 'Vpc', { natGateways: 0, subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }] });
const db = new RotatingPostgres(stack, 'Orders', { vpc, strategy: RotationStrategy.SINGLE_USER, removalPolicy: RemovalPolicy.DESTROY });
new CfnOutput(stack, 'SecretArn', { value: db.secret.secretArn });
new CfnOutput(stack, 'RotationFunctionName', { value: db.rotationFunction.function.functionName });
