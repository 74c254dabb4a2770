import { App, RemovalPolicy } from 'aws-cdk-lib';
import { AuroraStack } from './aurora-stack';

export const app = new App();
const destroy = app.node.tryGetContext('removalPolicy') === 'destroy';
new AuroraStack(app, 'Aurora', { removalPolicy: destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN });
