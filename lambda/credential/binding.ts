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
 * What a rotation may touch, fixed at deploy time outside the secret's value: whoever can write the value cannot change
 * it. What is not bound is held to the current value only.
 */
export interface Binding {
  /** The servers that the function may work on, for whatever secret, as `host:port` in lower case. */
  readonly servers?: readonly string[];
  /** The server of this secret, in the same form. */
  readonly server?: string;
  /** The user; of alternating ones, the first. */
  readonly username?: string;
  readonly strategy?: RotationStrategyName;
  /** ARN of the admin secret. */
  readonly adminSecret?: string;
}

/**
 * The binding of a secret: its tags, which come with its description, and what the function's environment says.
 *
 * @throws with code `Binding` when a tag has a value that it cannot have
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
 * Holds a value to the binding, before anything connects. The messages say what is bound, and nothing of the value.
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

  // The second login also of a single user: it may be the one in use when the strategy changes.
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
 * Holds whoever logs in, the admin too, to the servers that the function may work on.
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
  return `${field} must be ${must}, to which ${by} binds it: correct the value, or deploy what is meant`;
}

/** The value of a tag, which is encoded where tags do not allow its characters. */
function decoded(value: string | undefined, malformed: () => Error): string | undefined {
  if (!value?.startsWith(ENCODED_TAG_VALUE)) return value;
  const encoded = value.slice(ENCODED_TAG_VALUE.length);
  const bytes = Buffer.from(encoded, 'base64');
  const text = bytes.toString();
  // Decoding passes over what is not Base64, and replaces what is not UTF-8.
  if (bytes.toString('base64') !== encoded || !Buffer.from(text).equals(bytes)) throw malformed();
  return text;
}

function refusal(label: string, why: string): RotatingPostgresError {
  return new RotatingPostgresError(ErrorCode.BINDING, `${label}: ${why}`);
}
