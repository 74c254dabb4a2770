import { Fn, Token } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';
import { BindingTag, ENCODED_TAG_VALUE, RotationStrategyName } from '../contract';
import { IPostgresDatabase } from './postgres-database';
import { fail } from '../private/errors';

/** What a rotation holds the value of a secret to. */
export interface SecretBinding {
  /** Server and admin secret; without, neither is bound. */
  readonly database?: IPostgresDatabase;
  readonly username: string;
  readonly strategy: RotationStrategyName;
}

/** More than a user's own `Tags.of(stack).add(…)`, which has 100: a binding is not a matter of taste. */
const PRIORITY = 1000;
const MOST_CHARACTERS = 256;

/**
 * Binds a secret by its tags. They are no part of GenerateSecretString, so that adding them to a secret that is there
 * leaves its value as it is.
 */
export function bind(secret: secretsmanager.Secret, { database, username, strategy }: SecretBinding): void {
  const { tags } = secret.node.defaultChild as secretsmanager.CfnSecret;
  const set = (tag: string, value: string) => tags.setTag(tag, value, PRIORITY);
  set(BindingTag.USERNAME, tagValue(username));
  set(BindingTag.STRATEGY, strategy);
  if (!database) return;
  set(BindingTag.SERVER, serverOf(database));
  set(BindingTag.ADMIN_SECRET, arnValue(secret, database.adminSecret));
}

function serverOf({ host, port }: IPostgresDatabase): string {
  return `${host}:${port}`;
}

/** The servers that a function may work on, as it reads them. */
export function serversOf(scope: IConstruct, databases: readonly IPostgresDatabase[], further: string[] = []): string {
  const wrong = further.find(server => !Token.isUnresolved(server) && !/^[^\s/]+:\d{1,5}$/.test(server));
  if (wrong !== undefined) {
    fail(scope, `'furtherServers' has '${wrong}'; write a host name and a port, as in db.example.com:5432`);
  }
  return [...new Set([...databases.map(serverOf), ...further])].join(' ');
}

/** A text as the value of a tag, of which the rotation function makes the text again. */
export function tagValue(text: string): string {
  return isPlain(text) ? text : ENCODED_TAG_VALUE + Buffer.from(text).toString('base64');
}

function arnValue(scope: IConstruct, secret: secretsmanager.ISecret): string {
  const arn = secret.secretArn;
  if (Token.isUnresolved(arn)) {
    // An ARN that only the deployment knows may be that of a secret that RDS manages: its name, `rds!…`, is impossible
    // in a tag.
    return isOurs(secret) ? arn : ENCODED_TAG_VALUE + Fn.base64(arn);
  }
  const value = tagValue(arn);
  if (value.length > MOST_CHARACTERS) {
    fail(
      scope,
      `the ARN of the admin secret (${secret.node.path}) is ${arn.length} characters long, and a tag of ` +
        'this secret cannot hold it;' +
        ' give the admin secret a shorter name',
    );
  }
  return value;
}

/** Whether aws-cdk-lib makes the secret, so that its name has no other characters than tags allow. */
function isOurs(secret: secretsmanager.ISecret): boolean {
  return secret instanceof secretsmanager.Secret || secret instanceof secretsmanager.SecretTargetAttachment;
}

/** Tags allow these everywhere; neither AWS nor we give the start of such a text a meaning. */
function isPlain(text: string): boolean {
  return /^(?!aws:)[\w+=.:/@-]*$/i.test(text) && !text.startsWith(ENCODED_TAG_VALUE);
}
