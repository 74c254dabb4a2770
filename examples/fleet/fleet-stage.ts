import { RemovalPolicy, Stage, StageProps } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { DatabasesStack } from './databases-stack';
import { NetworkStack } from './network-stack';
import { RotationSchedule } from '../../src';

/**
 * Few, to show the split. A template takes 500 resources, of which a database is about 40, with the function that it
 * shares.
 */
const DATABASES_PER_STACK = 3;

export interface FleetStageProps extends StageProps {
  readonly availabilityZones: string[];
  /** Names of the databases. */
  readonly databases: string[];
  /** When passwords change. */
  readonly when: RotationSchedule;
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The databases of one account and Region, over as many stacks as it takes. `cdk deploy 'Development/**'` deploys one
 * stage.
 */
export class FleetStage extends Stage {
  constructor(scope: Construct, id: string, props: FleetStageProps) {
    super(scope, id, props);
    const { databases, when, removalPolicy } = props;
    const { vpc } = new NetworkStack(this, 'Network', props);
    for (let first = 0; first < databases.length; first += DATABASES_PER_STACK) {
      const names = databases.slice(first, first + DATABASES_PER_STACK);
      new DatabasesStack(this, `Databases${first / DATABASES_PER_STACK + 1}`, {
        vpc,
        databases: names,
        when,
        removalPolicy,
      });
    }
  }
}
