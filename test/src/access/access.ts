import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { RotatingPostgres, type RotatingPostgresProps } from '../../../src';
import { isolatedVpc, logicalId, only, resourcesOf } from '../support/stacks';

export const HOME = { account: '111111111111', region: 'eu-west-1' };
export const READER_ACCOUNT = '222222222222';
export const READER_ROLE = `arn:aws:iam::${READER_ACCOUNT}:role/reports`;
export const NAMING = { environment: 'production', application: 'orders' };

/** A `RotatingPostgres` whose account and Region are known. */
export function made(props: Partial<RotatingPostgresProps> = {}) {
  const app = new App();
  const stack = new Stack(app, 'Stack', { env: HOME });
  const db = new RotatingPostgres(stack, 'Orders', { vpc: isolatedVpc(stack), ...props });
  return { app, stack, db, template: () => Template.fromStack(stack) };
}

/** A statement as it stands in a template. */
export interface Written {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Principal: unknown;
  readonly Condition?: unknown;
}

/** The statements of the only policy of a secret. */
export function policyOf(template: Template, secret: secretsmanager.ISecret): Written[] {
  const found = Object.values(resourcesOf(template)).filter(
    ({ Type, Properties }) =>
      Type === 'AWS::SecretsManager::ResourcePolicy' &&
      (Properties.SecretId as { Ref: string }).Ref === logicalId(secret),
  );
  expect(found).toHaveLength(1);
  return (found[0].Properties.ResourcePolicy as { Statement: Written[] }).Statement;
}

export function keyPolicyOf(template: Template): Written[] {
  return (only(template, 'AWS::KMS::Key')[1].Properties.KeyPolicy as { Statement: Written[] }).Statement;
}
