import { App, RemovalPolicy } from 'aws-cdk-lib';
import { DatabaseStack } from './database-stack';
import { ReaderStack } from './reader-stack';

export const app = new App();
const removalPolicy =
  app.node.tryGetContext('removalPolicy') === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;

const { role } = new ReaderStack(app, 'Reader', {
  env: { account: '444455556666', region: 'eu-central-1' },
  reporterAccount: '777788889999',
  externalId: 'orders-reports-7f3a',
});
new DatabaseStack(app, 'Database', {
  env: { account: '111122223333', region: 'eu-central-1' },
  readers: [role],
  removalPolicy,
});
