import { MemoryDatabase } from './memory-database';
import { type Checkpoint, memoryDeadline, MemoryStore } from './memory-store';
import type { Credential } from '../../../client/src/shared/secret-value';
import { revoke } from '../../../lambda/revocation/revoke';
import { rotate } from '../../../lambda/rotation/rotate';
import type { Ports } from '../../../lambda/rotation/state/rotation';
import { RotationCache } from '../../../lambda/rotation/state/rotation-cache';
import { settingsOf } from '../../../lambda/runtime/settings';
import { Env } from '../../../src/contract';
import { FUNCTION_ARN } from '../../local/function-arn';
import { CURRENT, PENDING } from '../../local/secret';

export const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
export type StepName = (typeof STEPS)[number];
export const STRATEGIES = ['single', 'alternating', 'alternating, the replaced login retired'] as const;
export type Strategy = (typeof STRATEGIES)[number];
export const retires = (strategy: Strategy) => strategy.includes('retired');

const SERVER = { engine: 'postgres', host: 'db.example.com', port: 5432, dbname: 'app' };

/** A database and its secrets, as they stand after the first deployment. */
export function world(strategy: Strategy, checkpoint: Checkpoint = () => undefined) {
  const store = new MemoryStore(checkpoint);
  const database = new MemoryDatabase(checkpoint);
  let rotationCache = new RotationCache();
  const add = (username: string, password: string) => database.roles.set(username, { password, startsAs: username });
  add('app', 'first');
  add('postgres', 'admin');
  store.add('admin', { ...SERVER, username: 'postgres', password: 'admin' });
  const secret = store.add('app', {
    ...SERVER,
    username: 'app',
    password: 'first',
    ...(strategy === 'single' ? {} : { masterarn: 'admin' }),
  });
  const settings = settingsOf(retires(strategy) ? { [Env.RETIRE_AFTER]: '0' } : {});
  const value = (stage: string): Credential | undefined => {
    const text = secret.holder(stage)?.value?.SecretString;
    return text === undefined ? undefined : JSON.parse(text);
  };
  return {
    store,
    database,
    secret,
    value,
    /** What Secrets Manager does at the start of a rotation. */
    begin: (token: string) => {
      secret.stage(token, PENDING);
    },
    step: (step: StepName, token: string, ports: Partial<Pick<Ports, 'store' | 'database'>> = {}) =>
      rotate(
        { step, secretId: 'app', token },
        {
          store,
          database,
          rotationCache,
          settings,
          functionArn: `${FUNCTION_ARN}:live`,
          deadline: memoryDeadline(),
          ...ports,
        },
      ),
    revoke: () => revoke('app', { store, database, settings, deadline: memoryDeadline() }),
    /** What is left of a function after a while without events. */
    coldStart: () => {
      rotationCache = new RotationCache();
    },
    async rotate(token: string) {
      for (const step of STEPS) await this.step(step, token);
    },
    /** Invariant 1: a consumer that tries AWSCURRENT, and for a single user AWSPENDING, gets in. */
    someoneLogsIn: () =>
      database.accepts(value(CURRENT)!) ||
      (strategy === 'single' && value(PENDING) !== undefined && database.accepts(value(PENDING)!)),
  };
}
