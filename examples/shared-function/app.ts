import { App, RemovalPolicy } from 'aws-cdk-lib';
import { SharedFunctionStack } from './shared-function-stack';

export const app = new App();
const destroy = app.node.tryGetContext('removalPolicy') === 'destroy';
new SharedFunctionStack(app, 'SharedFunction', {
  removalPolicy: destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
});
