import { App, RemovalPolicy } from 'aws-cdk-lib';
import { ManagedMasterStack } from './managed-master-stack';

export const app = new App();
const destroy = app.node.tryGetContext('removalPolicy') === 'destroy';
new ManagedMasterStack(app, 'ManagedMaster', { removalPolicy: destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN });
