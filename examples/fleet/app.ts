import { App, RemovalPolicy } from 'aws-cdk-lib';
import { FleetStage } from './fleet-stage';
import { RotationSchedule } from '../../src';

// Newer CDKs ask for the choice: a stack that others refer to keeps what they use.
export const app = new App({ context: { '@aws-cdk/core:defaultCrossStackReferences': 'strong' } });
const removalPolicy =
  app.node.tryGetContext('removalPolicy') === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;

new FleetStage(app, 'Development', {
  env: { account: '111122223333', region: 'eu-central-1' },
  availabilityZones: ['eu-central-1a', 'eu-central-1b'],
  databases: ['Orders', 'Invoices'],
  when: RotationSchedule.development(),
  removalPolicy,
});

const databases = Array.from({ length: 4 }, (_, index) => `Tenant${index + 1}`);
for (const region of ['eu-central-1', 'us-east-1']) {
  new FleetStage(app, `Production-${region}`, {
    env: { account: '444455556666', region },
    availabilityZones: [`${region}a`, `${region}b`],
    databases,
    when: RotationSchedule.spread({ fromHour: 1, toHour: 5 }),
    removalPolicy,
  });
}
