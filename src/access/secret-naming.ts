import { Token } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { fail } from '../private/errors';

/** Names secrets by the pattern `Environment/Application/Type`, with an optional prefix path. */
export interface SecretNaming {
  /**
   * Path before the name, for example `platform/databases`, so that a policy can match a whole group of secrets.
   * @default - no prefix
   */
  readonly prefix?: string;
  /** First part of the name, for example `production`. */
  readonly environment: string;
  /** Second part of the name, for example `orders`. */
  readonly application: string;
}

/** The name of a secret of this type; undefined without naming, and CloudFormation then names the secret. */
export function secretName(
  scope: IConstruct,
  naming: SecretNaming | undefined,
  type: string,
  longest = 512,
): string | undefined {
  if (!naming) return undefined;
  const { prefix } = naming;
  if (prefix !== undefined && !Token.isUnresolved(prefix) && (prefix === '' || /^\/|\/$/.test(prefix))) {
    fail(
      scope,
      `'naming.prefix' is '${prefix}'; write it without slashes at its ends, as in platform/databases, or leave it out`,
    );
  }
  const name = [...(prefix === undefined ? [] : [prefix]), naming.environment, naming.application, type].join('/');
  if (Token.isUnresolved(name)) return name;
  if (!/^[\w/+=.@-]+$/.test(name) || name.length > longest) {
    fail(
      scope,
      `the secret name '${name}' from 'naming' is not possible; use letters, digits and /_+=.@-, at most ` +
        `${longest} characters`,
    );
  }
  // Secrets Manager appends a hyphen and six characters. When it looks up a partial ARN, it mistakes such an ending for
  // its own suffix.
  if (/-\w{6}$/.test(name)) {
    fail(scope, `the secret name '${name}' from 'naming' ends in a hyphen and six characters; choose another`);
  }
  return name;
}
