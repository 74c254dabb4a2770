import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import {
  DatabaseUser,
  DatabaseUserProvider,
  EncryptionKey,
  Privileges,
  RotatingPostgres,
  RotationFunction,
  SecretsManagerEndpoint,
} from '../../src';

/** What is synthesised, in as many stacks as the limits of CloudFormation and IAM ask for. */
interface Subject {
  /** Of these units, at most. */
  readonly perStack: number;
  /** Fills a stack with this many units. */
  readonly fill: (stack: Stack, shared: Shared, units: number) => void;
  /** What the units share across stacks. */
  readonly database?: (stack: Stack, vpc: ec2.IVpc) => RotatingPostgres;
}

interface Shared {
  readonly vpc: ec2.IVpc;
  readonly database?: RotatingPostgres;
}

const times = (count: number) => Array.from({ length: count }, (_, index) => index);

function plainInstance(stack: Stack, id: string, vpc: ec2.IVpc): rds.DatabaseInstance {
  return new rds.DatabaseInstance(stack, id, {
    engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of('18', '18') }),
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
  });
}

export const SUBJECTS = {
  'databases, aws-cdk-lib: DatabaseInstance and addRotationSingleUser()': {
    perStack: 40,
    fill: (stack, { vpc }, units) =>
      times(units).forEach(index => plainInstance(stack, `Database${index}`, vpc).addRotationSingleUser()),
  },
  'databases, ours, each with a function of its own': {
    perStack: 8,
    fill: (stack, { vpc }, units) =>
      times(units).forEach(index => new RotatingPostgres(stack, `Database${index}`, { vpc })),
  },
  'databases, ours, with a function for each stack': {
    perStack: 10,
    fill: (stack, { vpc }, units) => {
      if (units === 0) return;
      const shared = {
        vpc,
        encryptionKey: new EncryptionKey(stack, 'Key'),
        rotationFunction: new RotationFunction(stack, 'Rotation', { vpc }),
      };
      times(units).forEach(index => new RotatingPostgres(stack, `Database${index}`, shared));
    },
  },
  'users of one database, aws-cdk-lib: addRotationMultiUser()': {
    perStack: Infinity, // SecretRotation in another stack than the database's is a cycle of the two
    fill: (stack, { vpc }, units) => {
      const instance = plainInstance(stack, 'Database', vpc);
      times(units).forEach(index => {
        const secret = new rds.DatabaseSecret(stack, `Secret${index}`, {
          username: `user${index}`,
          masterSecret: instance.secret,
        });
        instance.addRotationMultiUser(`User${index}`, { secret: secret.attach(instance) });
      });
    },
  },
  'users of one database, ours': {
    perStack: 30,
    database: (stack, vpc) => new RotatingPostgres(stack, 'Database', { vpc }),
    fill: (stack, shared, units) => {
      const { vpc } = shared;
      const { database, encryptionKey } = shared.database!;
      const provider = new DatabaseUserProvider(stack, 'Users', { vpc, database });
      const rotationFunction = new RotationFunction(stack, 'Rotation', { vpc, database });
      times(units).forEach(index => {
        const username = `${stack.node.id.toLowerCase()}_${index}`;
        new DatabaseUser(stack, `User${index}`, {
          provider,
          encryptionKey,
          username,
          privileges: Privileges.connect(),
        }).addRotation(rotationFunction);
      });
    },
  },
} as const satisfies Record<string, Subject>;
export type SubjectName = keyof typeof SUBJECTS;

/** What a synthesis made besides the network, and how long all of it took. */
export interface Figures {
  readonly stacks: number;
  /** Resources of the largest stack. */
  readonly largest: number;
  readonly resources: number;
  /** Of the templates, as they are written. */
  readonly bytes: number;
  readonly milliseconds: number;
}

/** Synthesises so many units of a subject. */
export function synthesise(name: SubjectName, units: number): Figures {
  const subject: Subject = SUBJECTS[name];
  const started = performance.now();
  const app = new App({ analyticsReporting: false, context: { '@aws-cdk/core:stackResourceLimit': 0 } });
  const network = new Stack(app, 'Network');
  const vpc = new ec2.Vpc(network, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
  });
  SecretsManagerEndpoint.forVpc(vpc);
  const stacks: Stack[] = [];
  const newStack = () => {
    const stack = new Stack(app, `Stack${stacks.length}`);
    stacks.push(stack);
    return stack;
  };
  const shared = { vpc, database: subject.database?.(newStack(), vpc) };
  for (let left = units; left >= 0; left -= subject.perStack) {
    if (left > 0 || units === 0) subject.fill(newStack(), shared, Math.min(subject.perStack, left));
  }
  const assembly = app.synth();
  const milliseconds = performance.now() - started;
  const templates = stacks.map(
    stack => assembly.getStackArtifact(stack.artifactId).template as { readonly Resources?: object },
  );
  const counts = templates.map(({ Resources = {} }) => Object.keys(Resources).length);
  return {
    stacks: stacks.length,
    largest: Math.max(...counts),
    resources: counts.reduce((sum, count) => sum + count, 0),
    bytes: templates.reduce((sum, template) => sum + JSON.stringify(template, undefined, 1).length, 0),
    milliseconds,
  };
}
