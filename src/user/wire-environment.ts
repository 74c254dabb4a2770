import { Annotations, Token } from 'aws-cdk-lib';
import { Construct, IConstruct } from 'constructs';
import { Consumer } from './consumer';
import { IDatabaseUser } from './database-user-interface';
import { WireOptions } from './wire-options';
import { fail } from '../private/errors';

interface TakesEnvironment extends IConstruct {
  addEnvironment(name: string, value: string): unknown;
}

/**
 * Marks an environment variable as set, in the scope of its target: `addEnvironment` would silently replace an earlier
 * value.
 */
class TakenVariable extends Construct {
  public static id(name: string): string {
    return `RotatingPostgres:${name}`;
  }

  constructor(
    scope: IConstruct,
    name: string,
    readonly user: IDatabaseUser,
  ) {
    super(scope as Construct, TakenVariable.id(name));
  }
}

/** Sets the environment variables for the user's login, if the consumer has an environment. */
export function setEnvironment(
  consumer: Consumer,
  user: IDatabaseUser,
  { container, environmentPrefix = '' }: WireOptions,
): void {
  if (Token.isUnresolved(environmentPrefix)) {
    fail(user, "'environmentPrefix' is a token, but names of variables stand in the template; write a literal");
  }
  if (!/^([a-z]\w*)?$/i.test(environmentPrefix)) {
    fail(
      user,
      `'environmentPrefix' is '${environmentPrefix}'; write a letter first, then letters, digits and ` +
        'underscores, as in REPORTS_',
    );
  }
  const variables = Object.entries(user.environment).map(([name, value]) => [environmentPrefix + name, value]);
  const target = container ?? containerOf(consumer, user) ?? consumer;
  if (!takesEnvironment(target)) {
    return warnOfFunction(
      consumer,
      user,
      variables.map(([name]) => name),
    );
  }
  for (const [name, value] of variables) {
    const taken = target.node.tryFindChild(TakenVariable.id(name));
    if (taken instanceof TakenVariable) {
      fail(
        user,
        `'consumer' (${consumer.node.path}) has the ${name} of ${taken.user.node.path} already;` +
          " give this user an 'environmentPrefix', for example 'REPORTS_', and read the variables by these names",
      );
    }
    new TakenVariable(target, name, user);
    target.addEnvironment(name, value);
  }
}

function containerOf({ node, taskDefinition }: Consumer, user: IDatabaseUser): IConstruct | undefined {
  if (!taskDefinition) return undefined;
  return (
    taskDefinition.defaultContainer ??
    fail(
      user,
      `'consumer' (${node.path}) has no container yet; add it to the task definition first, or name one as 'container'`,
    )
  );
}

function takesEnvironment(construct: IConstruct): construct is TakesEnvironment {
  return 'addEnvironment' in construct && typeof construct.addEnvironment === 'function';
}

/**
 * Warns about a Lambda function whose environment this app cannot change: an imported function, an alias or a version.
 */
function warnOfFunction(consumer: Consumer, user: IDatabaseUser, names: string[]): void {
  if (!('functionArn' in consumer)) return;
  Annotations.of(consumer).addWarningV2(
    'cdk-rotating-postgres:wire-environment',
    `the environment of this function cannot be changed from here; set ${names.join(', ')} where the ` +
      "function is made, to the values in 'environment' of" +
      ` ${user.node.path}`,
  );
}
