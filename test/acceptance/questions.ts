import { setTimeout as delay } from 'node:timers/promises';
import { Aws, AwsError } from './aws';

/** What is deployed, for those who ask. */
export interface Deployed {
  readonly aws: Aws;
  /** Outputs of a stack; of one that could not be deployed, why. */
  readonly stacks: Record<string, Record<string, string> | Error | undefined>;
  /** When the first stack was there. */
  readonly since: Date;
  /** How long an event or a rotation may take to be seen, in milliseconds. */
  readonly patience: number;
}

export interface Question {
  readonly question: string;
  ask(deployed: Deployed): Promise<string>;
}

interface SecretDescription {
  readonly VersionIdsToStages?: Record<string, string[]>;
  readonly LastRotatedDate?: string;
}

/** Each [?] of what this project builds on, as far as a deployment can tell. */
export const QUESTIONS: Question[] = [
  takesVerifier('Does RDS for PostgreSQL take a SCRAM verifier in the place of a password?', 'AcceptanceInstance'),
  takesVerifier('Does Aurora PostgreSQL?', 'AcceptanceAurora'),
  takesVerifier('Does RDS under rds.restrict_password_commands?', 'AcceptanceRestricted'),
  {
    question: 'Does Secrets Manager send the source ARN when it invokes a rotation function?',
    ask: async deployed => {
      const { BySourceArnSecret: SecretId, BySourceArnFunction: RotationLambdaARN } = outputs(
        deployed,
        'AcceptanceCommon',
      );
      try {
        await deployed.aws.call('secretsmanager', 'rotate_secret', {
          SecretId,
          RotationLambdaARN,
          RotationRules: { AutomaticallyAfterDays: 30 },
        });
      } catch (error) {
        if (error instanceof AwsError && error.code === 'AccessDeniedException') return `no: ${error.message}`;
        throw error;
      }
      return (await rotated(deployed, SecretId))
        ? 'yes'
        : 'not seen: RotateSecret was accepted, and the rotation did not end';
    },
  },
  {
    question: 'With RotateImmediately false, is the version that is tested gone afterwards?',
    ask: async deployed => {
      const { SecretArn: SecretId } = outputs(deployed, 'AcceptanceInstance');
      const before = await describe(deployed, SecretId);
      await deployed.aws.call('secretsmanager', 'rotate_secret', { SecretId, RotateImmediately: false });
      const same = async () => {
        const after = await describe(deployed, SecretId);
        return JSON.stringify(sorted(after)) === JSON.stringify(sorted(before));
      };
      await delay(Math.min(deployed.patience, 30_000));
      return (await seen(deployed, same)) ? 'yes' : 'no: the labels of the versions differ from those before';
    },
  },
  {
    question: 'Which events are there of a test that fails?',
    ask: async deployed => {
      const { FailingTestSecret: SecretId, FailingTestFunction: RotationLambdaARN } = outputs(
        deployed,
        'AcceptanceCommon',
      );
      const RotationRules = { AutomaticallyAfterDays: 30 };
      await deployed.aws.call('secretsmanager', 'rotate_secret', {
        SecretId,
        RotationLambdaARN,
        RotationRules,
        RotateImmediately: false,
      });
      return list(await events(deployed, event => event.includes('TestRotation')), event => named(event, 'eventName'));
    },
  },
  {
    question: 'Are there events of rotations without a trail, and where do they name the secret?',
    ask: async deployed => {
      const trails = await deployed.aws.call<{ trailList: unknown[] }>('cloudtrail', 'describe_trails');
      const found = await events(deployed, event => event.includes('RotationSucceeded'));
      return `${trails.trailList.length} trails; ${list(found, event => named(event, 'SecretId'))}`;
    },
  },
  {
    question: 'Is there a "Secret Label Updated" in this Region?',
    ask: async deployed =>
      list(await events(deployed, event => event.includes('Secret Label Updated')), event =>
        named(event, 'labelUpdated'),
      ),
  },
  {
    question: 'From which version on is rds.force_ssl the default?',
    ask: async deployed => {
      const families = ['postgres14', 'postgres15', 'postgres16', 'postgres17', 'postgres18'];
      const values = await Promise.all(
        families.map(async family => `${family}: ${(await defaultOf(deployed, family, 'rds.force_ssl')) ?? 'unset'}`),
      );
      return values.join(', ');
    },
  },
  ...[
    'May the master user, on PostgreSQL 16 and later, change the password of a role that another one made?',
    'Does an RDS Proxy work with alternating users, each login with a secret of its own?',
  ].map(question => ({ question, ask: async () => 'not asked here: it needs a login inside the VPC' })),
];

function takesVerifier(question: string, stack: string): Question {
  return {
    question,
    // The user resource writes one, and so does the first rotation, whose last test is a login.
    ask: async deployed =>
      (await rotated(deployed, outputs(deployed, stack).SecretArn))
        ? 'yes'
        : 'not seen: the secret has not been rotated',
  };
}

function outputs({ stacks }: Deployed, stack: string): Record<string, string> {
  const found = stacks[stack];
  if (!found) throw new Error(`${stack} is not deployed`);
  if (found instanceof Error) throw found;
  return found;
}

async function describe({ aws }: Deployed, SecretId: string): Promise<SecretDescription> {
  return aws.call('secretsmanager', 'describe_secret', { SecretId });
}

function sorted({ VersionIdsToStages = {} }: SecretDescription): unknown {
  return Object.entries(VersionIdsToStages)
    .map(([version, stages]) => [version, [...stages].sort()])
    .sort();
}

async function rotated(deployed: Deployed, secret: string): Promise<boolean> {
  return seen(deployed, async () => (await describe(deployed, secret)).LastRotatedDate !== undefined);
}

/** What the event log has that matches, once it has something. */
async function events(deployed: Deployed, matches: (event: string) => boolean): Promise<string[]> {
  const logGroupName = outputs(deployed, 'AcceptanceCommon').EventLogGroup;
  let found: string[] = [];
  await seen(deployed, async () => {
    const answer = await deployed.aws.call<{ events: { message: string }[] }>('logs', 'filter_log_events', {
      logGroupName,
      startTime: deployed.since.getTime(),
    });
    found = answer.events.map(({ message }) => message).filter(matches);
    return found.length > 0;
  });
  return found;
}

async function defaultOf({ aws }: Deployed, DBParameterGroupFamily: string, name: string): Promise<string | undefined> {
  interface Answer {
    readonly EngineDefaults: { readonly Parameters: { ParameterName: string; ParameterValue?: string }[] };
  }
  const { EngineDefaults } = await aws.call<Answer>('rds', 'describe_engine_default_parameters', {
    DBParameterGroupFamily,
  });
  return EngineDefaults.Parameters.find(({ ParameterName }) => ParameterName === name)?.ParameterValue;
}

async function seen({ patience }: Deployed, condition: () => Promise<boolean>): Promise<boolean> {
  for (const end = Date.now() + patience; ;) {
    if (await condition()) return true;
    if (Date.now() > end) return false;
    await delay(Math.min(5_000, patience));
  }
}

function named(event: string, field: string): string {
  return new RegExp(`"${field}":"([^"]*)"`).exec(event)?.[1] ?? `no ${field}`;
}

function list(found: string[], text: (event: string) => string): string {
  return found.length === 0 ? 'none seen' : [...new Set(found.map(text))].join(', ');
}
