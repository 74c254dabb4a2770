import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';

/**
 * The second half of an error message that begins with the user: why an alternating user cannot use an RDS Proxy with
 * its secret, and what to do instead.
 */
export const WHY_NOT_ALTERNATING =
  'alternates between two logins on one secret. RDS Proxy knows only the login that is in AWSCURRENT, ' +
  'so that a rotation' +
  ' would lock out the other login at once, although services still use it. Give the user ' +
  'RotationStrategy.SINGLE_USER, or use an IamDatabaseUser' +
  ' with ProxyAuthentication.iam';

/** The secrets of alternating users and their users, by app. */
const watched = new WeakMap<IConstruct, Map<string, IConstruct>>();

/** Makes synthesis fail if an RDS Proxy that the app creates by itself uses the secret of an alternating user. */
export function refuseProxiesOn(secret: secretsmanager.ISecret, user: IConstruct): void {
  const { root } = user.node;
  const secrets = watched.get(root) ?? new Map<string, IConstruct>();
  // One validation per app, because it searches the whole tree.
  if (!watched.has(root)) root.node.addValidation({ validate: () => proxiesOn(secrets, root) });
  watched.set(root, secrets.set(secret.secretArn, user));
}

function proxiesOn(secrets: Map<string, IConstruct>, root: IConstruct): string[] {
  const proxies = root.node.findAll().filter(construct => construct instanceof rds.CfnDBProxy);
  return proxies.flatMap(proxy => {
    const arns = Array.isArray(proxy.auth)
      ? proxy.auth.map(auth => ('secretArn' in auth ? auth.secretArn : undefined))
      : [];
    const users = arns.flatMap(arn => (arn === undefined ? [] : (secrets.get(arn) ?? [])));
    return users.map(
      user => `'${proxy.node.path}' is an RDS Proxy for the user ${user.node.path}, which ${WHY_NOT_ALTERNATING}`,
    );
  });
}
