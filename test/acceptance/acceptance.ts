import { join } from 'node:path';
import { Aws } from './aws';
import { Deployed, QUESTIONS } from './questions';
import { CdkApp, Target } from '../e2e/cdk';

const APP = join(__dirname, 'app');
const COMMON = 'AcceptanceCommon';
const DATABASES = ['AcceptanceInstance', 'AcceptanceAurora', 'AcceptanceRestricted'];

export interface Options {
  /**
   * The databases to deploy, by their stacks.
   * @default - all of them
   */
  readonly databases?: string[];
  /** How long an event or a rotation may take to be seen, in milliseconds. */
  readonly patience: number;
  /** Leaves everything where it is. */
  readonly keep?: boolean;
  readonly print: (line: string) => void;
}

/** Deploys, asks, destroys. How many questions nobody could answer, and stacks nobody could destroy. */
export async function acceptance(
  target: Target,
  { databases = DATABASES, patience, keep, print }: Options,
): Promise<number> {
  const app = (stack: string) => new CdkApp(target, APP, stack);
  const stacks: Record<string, Record<string, string> | Error> = {};
  const since = new Date();
  let failures = 0;
  try {
    await app(COMMON).deploy();
    stacks[COMMON] = app(COMMON).outputs;
    print(`deployed ${COMMON}`);
    await Promise.all(
      databases.map(async name => {
        stacks[name] = await app(name)
          .deploy()
          .then(
            () => app(name).outputs,
            (error: Error) => error,
          );
        print(stacks[name] instanceof Error ? `cannot deploy ${name}: ${stacks[name].message}` : `deployed ${name}`);
      }),
    );
    failures += await ask({ aws: new Aws(target), stacks, since, patience }, print);
  } finally {
    if (keep) print(`kept: ${Object.keys(stacks).join(', ')}`);
    else failures += await destroyAll(app, databases, print);
  }
  return failures;
}

async function ask(deployed: Deployed, print: (line: string) => void): Promise<number> {
  let failures = 0;
  for (const { question, ask: answer } of QUESTIONS) {
    print(
      `${question}\n  ${await answer(deployed).catch((error: Error) => {
        failures++;
        return `not answered: ${error.message}`;
      })}`,
    );
  }
  return failures;
}

/** The databases first: they stand in the VPC of the other stack. */
async function destroyAll(
  app: (stack: string) => CdkApp,
  databases: string[],
  print: (line: string) => void,
): Promise<number> {
  let failures = 0;
  const destroy = async (name: string) =>
    app(name)
      .destroy()
      .then(
        () => print(`destroyed ${name}`),
        (error: Error) => {
          failures++;
          print(`cannot destroy ${name}; delete the stack by hand: ${error.message}`);
        },
      );
  await Promise.all(databases.map(destroy));
  await destroy(COMMON);
  return failures;
}
