import { Fn, Token } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';
import { BindingTag, ENCODED_TAG_VALUE, RotationStrategyName } from '../contract';
import { IPostgresDatabase } from './postgres-database';
import { fail } from '../private/errors';

/** What a rotation requires of the value of a secret. */
export interface SecretBinding {
  /** The database, whose server and admin secret are bound; if undefined, neither is. */
  readonly database?: IPostgresDatabase;
  readonly username: string;
  readonly strategy: RotationStrategyName;
}

/** Higher than the priority 100 of `Tags.of(stack).add(…)`, so that an app's own tags do not overwrite the binding. */
const PRIORITY = 1000;
const MOST_CHARACTERS = 256;

/**
 * Binds a secret by its tags. Tags are not part of GenerateSecretString, so that adding them to an existing secret does
 * not change its value.
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

/** The servers that a function may connect to, as the value of its environment variable. */
export function serversOf(scope: IConstruct, databases: readonly IPostgresDatabase[], further: string[] = []): string {
  const wrong = further.find(server => !Token.isUnresolved(server) && !/^[^\s/]+:\d{1,5}$/.test(server));
  if (wrong !== undefined) {
    fail(scope, `'furtherServers' has '${wrong}'; write a host name and a port, as in db.example.com:5432`);
  }
  return [...new Set([...databases.map(serverOf), ...further])].join(' ');
}

/** Encodes a text as a tag value, which the rotation function decodes. */
export function tagValue(text: string): string {
  return isPlain(text) ? text : ENCODED_TAG_VALUE + Buffer.from(text).toString('base64');
}

function arnValue(scope: IConstruct, secret: secretsmanager.ISecret): string {
  const arn = secret.secretArn;
  if (Token.isUnresolved(arn)) {
    // An ARN that is a token may be that of a secret which RDS manages. Its name, `rds!…`, has a character that tags do
    // not allow.
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

/** Whether aws-cdk-lib creates the secret. Its name then has only characters that tags allow. */
function isOurs(secret: secretsmanager.ISecret): boolean {
  return secret instanceof secretsmanager.Secret || secret instanceof secretsmanager.SecretTargetAttachment;
}

/**
 * Whether tags allow every character of the text, and its beginning has no special meaning to AWS or to this library.
 */
function isPlain(text: string): boolean {
  return /^(?!aws:)[\w+=.:/@-]*$/i.test(text) && !text.startsWith(ENCODED_TAG_VALUE);
}
