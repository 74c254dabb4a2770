import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { SecretsManagerEndpoint } from '../../src';
import { companyVpc } from '../company';

export interface NetworkStackProps {
  readonly availabilityZones: string[];
  readonly removalPolicy?: RemovalPolicy;
}

/** The VPC of a Region, with its one way to Secrets Manager. */
export class NetworkStack extends Stack {
  readonly vpc: ec2.Vpc;

  constructor(scope: Construct, id: string, { availabilityZones, removalPolicy }: NetworkStackProps) {
    super(scope, id);
    this.vpc = companyVpc(this, removalPolicy, { availabilityZones });
    SecretsManagerEndpoint.forVpc(this.vpc);
  }
}
