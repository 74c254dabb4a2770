import { App, RemovalPolicy } from 'aws-cdk-lib';
import { ConsumersStack } from './consumers-stack';

export const app = new App();
const destroy = app.node.tryGetContext('removalPolicy') === 'destroy';
new ConsumersStack(app, 'Consumers', { removalPolicy: destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN });
