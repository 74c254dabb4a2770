import { UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
import fc from 'fast-check';
import { type FaultyRig, hasCode, startFaultyRig } from './rig';
import type { Subject } from './subject';
import { Env } from '../../../src/contract';
import { ServiceError } from '../../local/secret';

/**
 * The same histories each time, so that a change is judged by itself; `FAULTS_SEED=random` looks for new ones,
 * `FAULTS_SEED=<seed>` repeats them.
 */
const { FAULTS_SEED = '11' } = process.env;
const SEED = FAULTS_SEED === 'random' ? Date.now() % 2 ** 31 : Number(FAULTS_SEED);
const RUNS = 25;

const place = fc.nat(55);
const EVENT = fc.oneof(
  fc.record({ kind: fc.constant('rotate' as const) }),
  fc.record({ kind: fc.constantFrom('kill' as const, 'break' as const, 'refuse' as const), place }),
  fc.record({ kind: fc.constantFrom('clear label' as const, 'snapshot' as const, 'restore' as const) }),
);
type Event = typeof EVENT extends fc.Arbitrary<infer T> ? T : never;

/** One secret with its database, and what is known of the rotation that was left behind. */
class History {
  private pending?: string;
  private restore?: () => Promise<void>;
  private labels: Record<string, string> = {};

  constructor(
    private readonly rig: FaultyRig,
    private readonly subject: Subject,
    private readonly strategy: 'single' | 'alternating',
  ) {}

  async happen(event: Event): Promise<void> {
    await this.perform(event);
    await this.check();
  }

  /**
   * A rotation that nothing disturbs, of the token that is pending if there is one: it succeeds, whatever was before.
   */
  async settle(): Promise<void> {
    const { ok, token, error } = await this.attempt();
    expect([ok, error]).toEqual([true, undefined]);
    await this.check();
    expect(await this.subject.labels()).toEqual({ AWSCURRENT: token, AWSPREVIOUS: expect.any(String) });
    expect(await this.subject.logsIn()).toBe(true);
  }

  private async perform(event: Event): Promise<void> {
    switch (event.kind) {
      case 'clear label':
        return this.clearLabel();
      case 'snapshot':
        this.restore = await this.subject.snapshot();
        return;
      case 'restore':
        // Then the database is behind the secret until the next rotation, which has to heal it.
        await this.restore?.();
        // A rotation that has moved AWSCURRENT is over, and its repetition no cure.
        if ((await this.subject.labels()).AWSCURRENT === this.pending) this.pending = undefined;
        return this.settle();
      case 'rotate':
        return this.settle();
      default:
        return this.disturbed(event);
    }
  }

  /** The invariants that hold at every moment. */
  private async check(): Promise<void> {
    const [before, now] = [this.labels, await this.subject.labels()];
    this.labels = now;
    expect(['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS']).toEqual(expect.arrayContaining(Object.keys(now)));
    expect([undefined, this.pending]).toContain(now.AWSPENDING);
    if (before.AWSCURRENT && now.AWSCURRENT !== before.AWSCURRENT) expect(now.AWSPREVIOUS).toBe(before.AWSCURRENT);
    expect(await this.subject.isAlive()).toBe(true);
  }

  private async disturbed({ kind, place: n }: Extract<Event, { place: number }>): Promise<void> {
    let [countdown, killed] = [n, false];
    this.rig.fault = ({ call }) => {
      if (countdown-- > 0) return;
      this.rig.fault = undefined;
      if (kind === 'refuse' && call) throw new ServiceError('AccessDeniedException', 'not allowed');
      if (kind === 'kill') {
        killed = true;
        this.rig.rotation.crash();
      }
      throw new Error('the connection breaks');
    };
    const { ok, error } = await this.attempt();
    this.rig.fault = undefined;
    if (!ok) expect([error, killed || hasCode(error)]).toEqual([error, true]);
  }

  /** Goes on with the pending token, as Secrets Manager does, or begins with a new one. */
  private async attempt(): Promise<{ ok: boolean; token: string; error?: unknown }> {
    const result = this.pending === undefined ? await this.rig.rotate(this.subject) : await this.retry(this.pending);
    this.pending = result.ok ? undefined : result.token;
    return result;
  }

  private async retry(token: string): Promise<{ ok: boolean; token: string; error?: unknown }> {
    return this.rig.redeliver(this.subject, token).then(
      () => ({ ok: true, token }),
      error => ({ ok: false, token, error }),
    );
  }

  private async clearLabel(): Promise<void> {
    if (!this.pending) return;
    const request = { SecretId: this.subject.secret, VersionStage: 'AWSPENDING', RemoveFromVersionId: this.pending };
    await this.rig.secrets.client
      .send(new UpdateSecretVersionStageCommand(request))
      .catch(error => expect(error.name).toBe('InvalidParameterException'));
    this.pending = undefined;
    if (this.strategy === 'single') await this.settle(); // until then, only a version without a label may log in
  }
}

beforeAll(() => {
  process.stdout.write(`  random faults: FAULTS_SEED=${SEED}, ${RUNS} histories each\n`);
});

test.each([
  ['single', 'single', {}],
  ['alternating', 'alternating', {}],
  ['alternating, the replaced login retired at once', 'alternating', { [Env.RETIRE_AFTER]: '0' }],
] as const)(
  'whatever happens in whatever order, someone logs in and the next rotation succeeds: %s',
  async (_, strategy, settings) => {
    const rig = await startFaultyRig(settings);
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(EVENT, { minLength: 3, maxLength: 8 }), async events => {
          const history = new History(rig, await rig.createSubject(strategy), strategy);
          for (const event of events) await history.happen(event);
          await history.settle();
        }),
        { numRuns: RUNS, seed: SEED, endOnFailure: true },
      );
      expect(await rig.leaks()).toEqual([]);
    } finally {
      await rig.stop();
    }
  },
  300_000,
);
