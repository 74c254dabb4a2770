import { IResource } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { IConstruct } from 'constructs';

/**
 * What constructs that consume may have; whatever has it counts, for a construct of another copy of aws-cdk-lib is no
 * instance of ours.
 */
export interface Consumer
  extends IConstruct, Partial<ec2.IConnectable>, Partial<iam.IGrantable>, Partial<Pick<IResource, 'env'>> {
  readonly taskDefinition?: Partial<Pick<ecs.TaskDefinition, 'taskRole' | 'defaultContainer'>>;
}
