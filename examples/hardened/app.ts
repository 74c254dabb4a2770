import { App, RemovalPolicy } from 'aws-cdk-lib';
import { HardenedStack } from './hardened-stack';

export const app = new App();
const removalPolicy =
  app.node.tryGetContext('removalPolicy') === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
new HardenedStack(app, 'Hardened', { env: { account: '111122223333', region: 'eu-central-1' }, removalPolicy });
