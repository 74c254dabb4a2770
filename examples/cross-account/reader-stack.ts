import { Stack, StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

export interface ReaderStackProps extends StackProps {
  /** Account of the company that makes the reports. */
  readonly reporterAccount: string;
  /**
   * What the company says when it assumes the role, so that none of its other customers can have it do so. Not a
   * secret.
   */
  readonly externalId: string;
}

/** A role that reads a credential of another account. */
export class ReaderStack extends Stack {
  /** The role. */
  public readonly role: iam.Role;

  constructor(scope: Construct, id: string, { reporterAccount, externalId, ...props }: ReaderStackProps) {
    super(scope, id, props);
    this.role = new iam.Role(this, 'Reader', {
      roleName: 'orders-reports', // the database's account knows the role by nothing else
      description: 'Reads the credential of the orders database',
      assumedBy: new iam.AccountPrincipal(reporterAccount),
      externalIds: [externalId],
    });
  }
}
