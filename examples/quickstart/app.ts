import { App, RemovalPolicy } from 'aws-cdk-lib';
import { QuickstartStack } from './quickstart-stack';

export const app = new App();
const destroy = app.node.tryGetContext('removalPolicy') === 'destroy';
new QuickstartStack(app, 'Quickstart', { removalPolicy: destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN });
