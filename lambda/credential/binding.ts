import { RotatingPostgresError } from '../../client/src/shared/errors';
import type { Credential } from '../../client/src/shared/secret-value';
import {
  ALTERNATE_SUFFIX,
  BindingTag,
  ENCODED_TAG_VALUE,
  Env,
  ErrorCode,
  RotationStrategyName,
  STRATEGIES,
} from '../../src/contract';

/**
 * The server, user, strategy and admin secret that a rotation may use. Deployment sets them outside the secret's value,
 * in tags of the secret and in the function's environment, so that write access to the value is not enough to change
 * them. A field without a binding may only keep the value that AWSCURRENT has.
 */
export interface Binding {
  /** The servers that the function may connect to, for any secret, as `host:port` in lower case. */
  readonly servers?: readonly string[];
  /** The server of this secret, as `host:port` in lower case. */
  readonly server?: string;
  /** The user name; with alternating users, that of the first login. */
  readonly username?: string;
  readonly strategy?: RotationStrategyName;
  /** The ARN of the admin secret. */
  readonly adminSecret?: string;
}

/**
 * The binding of a secret, from its tags, which `DescribeSecret` returns, and from the function's environment.
 *
 * @throws with code `Binding` when the value of a tag is malformed
 */
export function bindingOf(
  secretId: string,
  tags: Readonly<Record<string, string>>,
  servers?: readonly string[],
): Binding {
  const read = (tag: string) =>
    decoded(tags[tag], () =>
      refusal(secretId, `the tag ${tag} is not what a deployment writes; deploy the stack of the secret again`),
    );
  const strategy = read(BindingTag.STRATEGY);
  const known = STRATEGIES.find(name => name === strategy);
  if (strategy !== undefined && !known) {
    throw refusal(secretId, `the tag ${BindingTag.STRATEGY} must be one of ${STRATEGIES.join(', ')}`);
  }
  return {
    servers,
    server: read(BindingTag.SERVER)?.toLowerCase(),
    username: read(BindingTag.USERNAME),
    strategy: known,
    adminSecret: read(BindingTag.ADMIN_SECRET),
  };
}

/**
 * Compares a secret value with the binding, before any connection is opened. Messages name the bound value and quote
 * nothing of the secret value.
 *
 * @throws with code `Binding`, naming the field
 */
export function checkBinding(binding: Binding, { host, port, username, masterarn }: Credential, label: string): void {
  const { server, strategy, adminSecret } = binding;
  const refuse = (field: string, must: string, tag: string) => refusal(label, boundTo(field, must, `the tag ${tag}`));

  checkServer(binding.servers, { host, port }, label);
  if (server !== undefined && server !== `${host}:${port}`.toLowerCase()) {
    throw refuse('host and port', server, BindingTag.SERVER);
  }

  // The clone is accepted for a single user too: it may be the current login when the strategy changes.
  const logins = binding.username === undefined ? [] : [binding.username, binding.username + ALTERNATE_SUFFIX];
  if (logins.length > 0 && !logins.includes(username)) {
    throw refuse('username', logins.map(name => `"${name}"`).join(' or '), BindingTag.USERNAME);
  }

  if (strategy === 'single' && masterarn !== undefined) throw refuse('masterarn', 'absent', BindingTag.STRATEGY);
  if (strategy === 'alternating' && masterarn === undefined) {
    throw refuse('masterarn', adminSecret ?? 'present', BindingTag.STRATEGY);
  }
  if (adminSecret !== undefined && masterarn !== undefined && masterarn !== adminSecret) {
    throw refuse('masterarn', adminSecret, BindingTag.ADMIN_SECRET);
  }
}

/**
 * Checks that the function may connect to this server. The check also covers the admin's server.
 *
 * @throws with code `Binding`
 */
export function checkServer(
  servers: Binding['servers'],
  { host, port }: Pick<Credential, 'host' | 'port'>,
  label: string,
): void {
  if (!servers || servers.includes(`${host}:${port}`.toLowerCase())) return;
  throw refusal(label, boundTo('host and port', servers.join(' or '), `${Env.SERVERS} of the function`));
}

function boundTo(field: string, must: string, by: string): string {
  return `${field} must be ${must}, as bound by ${by}: correct the secret's value, or deploy another binding`;
}

/** Decodes the value of a tag. It is Base64 where it has characters that tags do not allow. */
function decoded(value: string | undefined, malformed: () => Error): string | undefined {
  if (!value?.startsWith(ENCODED_TAG_VALUE)) return value;
  const encoded = value.slice(ENCODED_TAG_VALUE.length);
  const bytes = Buffer.from(encoded, 'base64');
  const text = bytes.toString();
  // `Buffer.from` ignores characters outside Base64, and `toString` replaces bytes that are not UTF-8.
  if (bytes.toString('base64') !== encoded || !Buffer.from(text).equals(bytes)) throw malformed();
  return text;
}

function refusal(label: string, why: string): RotatingPostgresError {
  return new RotatingPostgresError(ErrorCode.BINDING, `${label}: ${why}`);
}
