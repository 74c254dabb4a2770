import { App, RemovalPolicy } from 'aws-cdk-lib';
import { AdoptedDatabaseStack } from './adopted-database-stack';

export const app = new App();
const destroy = app.node.tryGetContext('removalPolicy') === 'destroy';
new AdoptedDatabaseStack(app, 'AdoptedDatabase', {
  removalPolicy: destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
});
