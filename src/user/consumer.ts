import { IResource } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { IConstruct } from 'constructs';

/**
 * The attributes of constructs that can be wired. They are recognized by their attributes and not by `instanceof`,
 * because a construct may come from another copy of aws-cdk-lib.
 */
export interface Consumer
  extends IConstruct, Partial<ec2.IConnectable>, Partial<iam.IGrantable>, Partial<Pick<IResource, 'env'>> {
  readonly taskDefinition?: Partial<Pick<ecs.TaskDefinition, 'taskRole' | 'defaultContainer'>>;
}
