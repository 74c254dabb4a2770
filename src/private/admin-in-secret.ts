import { Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';
import { fail } from './errors';
import { BindingTag, SecretValue } from '../contract';

const ADMIN: keyof SecretValue = 'masterarn';

/**
 * Refuses to rotate a secret with the help of an admin whom its value does not name, as far as the template tells: the
 * function would take the user for a single one. The value of a `DatabaseUser` is completed at deployment, and what
 * only the deployment knows is not judged.
 */
export function checkNamesAdmin(
  scope: IConstruct,
  secret: secretsmanager.ISecret,
  adminSecret: secretsmanager.ISecret | undefined,
): void {
  if (!adminSecret) return;
  // An attached secret is a child of the one whose value it completes.
  const resource = [secret, secret.node.scope]
    .map(construct => construct?.node.defaultChild)
    .find(child => child instanceof secretsmanager.CfnSecret);
  if (!resource || BindingTag.STRATEGY in resource.tags.tagValues()) return;
  const value = initialValue(resource);
  if (value === undefined || ADMIN in value) return;
  fail(
    scope,
    `'adminSecret' is for alternating users, and the value of 'secret' (${secret.node.path}) has no ` +
      `"${ADMIN}", by which they find it;` +
      " have a DatabaseUser make the secret, leave 'adminSecret' out for a single user, or, where the " +
      'value has been completed since, pass the secret' +
      ' by its ARN (Secret.fromSecretCompleteArn): a change in its template would replace the value',
  );
}

/** What the value begins with, where that is a JSON object written out in the template. */
function initialValue(resource: secretsmanager.CfnSecret): object | undefined {
  const { generateSecretString, secretString } = resource;
  const resolved = Stack.of(resource).resolve({ generateSecretString, secretString });
  const text = resolved.generateSecretString?.secretStringTemplate ?? resolved.secretString;
  try {
    const value: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
