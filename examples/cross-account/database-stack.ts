import { RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { RotatingPostgres } from '../../src';
import { companyVpc } from '../company';

export interface DatabaseStackProps extends StackProps {
  /** Who reads the application's credential: a role of another account. */
  readonly readers: iam.IGrantable[];
  /** `DESTROY` lets the database go with the stack; by default it stays. */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A database whose credential another account may read. The way through the network, by peering or a transit gateway,
 * is not shown.
 */
export class DatabaseStack extends Stack {
  constructor(scope: Construct, id: string, { readers, removalPolicy, ...props }: DatabaseStackProps) {
    super(scope, id, props);

    const vpc = companyVpc(this, removalPolicy, { availabilityZones: [`${this.region}a`, `${this.region}b`] });

    // A name, for the other account knows the secret by nothing else.
    const naming = { environment: 'production', application: 'orders' };
    const db = new RotatingPostgres(this, 'Orders', { vpc, naming, removalPolicy });

    // The secret's policy and the key's admit the role, and the role's own, in its account, allows both.
    for (const reader of readers) db.grantRead(reader);
  }
}
