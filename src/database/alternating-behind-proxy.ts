import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';

/** Why such a user cannot come through an RDS Proxy by its secret, and what to do; after a word for the user. */
export const WHY_NOT_ALTERNATING =
  'alternates between two logins on one secret. RDS Proxy knows only the login that is in AWSCURRENT, ' +
  'so that a rotation' +
  ' would take the other one, which services still hold, away at once. Give the user ' +
  'RotationStrategy.SINGLE_USER, or let an IamDatabaseUser' +
  ' through a DatabaseProxy with ProxyAuthentication.iam';

/** The secrets of alternating users, and their users, of each app. */
const watched = new WeakMap<IConstruct, Map<string, IConstruct>>();

/** Makes it an error that a proxy which the app makes by itself logs in with the secret of an alternating user. */
export function refuseProxiesOn(secret: secretsmanager.ISecret, user: IConstruct): void {
  const { root } = user.node;
  const secrets = watched.get(root) ?? new Map<string, IConstruct>();
  // Once per app, for it looks through the whole of it.
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
