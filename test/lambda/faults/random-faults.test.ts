import { UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
import fc from 'fast-check';
import { type FaultyRig, hasCode, startFaultyRig, type Subject } from './rig';
import { ServiceError } from '../../local/secret';

let rig: FaultyRig;
beforeAll(async () => { rig = await startFaultyRig(); });
afterAll(() => rig.stop());

const place = fc.nat(45);
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

  constructor(private readonly subject: Subject, private readonly strategy: 'single' | 'alternating') {}

  async happen(event: Event): Promise<void> {
    switch (event.kind) {
      case 'clear label':
        return this.clearLabel();
      case 'snapshot':
        this.restore = await this.subject.snapshot();
        return;
      case 'restore':
        // Then the database is behind the secret until the next rotation, which has to heal it.
        if (!this.restore || this.strategy !== 'single') return;
        await this.restore();
        return this.settle();
      case 'rotate':
        return this.settle();
      default:
        return this.disturbed(event);
    }
  }

  /** A rotation that nothing disturbs, of the token that is pending if there is one: it succeeds, whatever was before. */
  async settle(): Promise<void> {
    expect(await this.attempt()).toMatchObject({ ok: true });
    expect(await this.subject.logsIn()).toBe(true);
  }

  private async disturbed({ kind, place: n }: Extract<Event, { place: number }>): Promise<void> {
    let [countdown, killed] = [n, false];
    rig.fault = ({ call }) => {
      if (countdown-- > 0) return;
      rig.fault = undefined;
      if (kind === 'refuse' && call) throw new ServiceError('AccessDeniedException', 'not allowed');
      if (kind === 'kill') {
        killed = true;
        rig.rotation.kill();
      }
      throw new Error('the connection breaks');
    };
    const { ok, error } = await this.attempt();
    rig.fault = undefined;
    if (!ok) expect([error, killed || hasCode(error)]).toEqual([error, true]);
    const alive = [await this.subject.logsIn(), this.strategy === 'single' && await this.subject.logsIn('AWSPENDING')];
    expect(alive).toContain(true);
  }

  /** Goes on with the pending token, as Secrets Manager does, or begins with a new one. */
  private async attempt(): Promise<{ ok: boolean; token: string; error?: unknown }> {
    const result = this.pending === undefined ? await rig.rotate(this.subject) : await this.retry(this.pending);
    this.pending = result.ok ? undefined : result.token;
    return result;
  }

  private async retry(token: string): Promise<{ ok: boolean; token: string; error?: unknown }> {
    return rig.redeliver(this.subject, token).then(() => ({ ok: true, token }), error => ({ ok: false, token, error }));
  }

  private async clearLabel(): Promise<void> {
    if (!this.pending) return;
    const request = { SecretId: this.subject.secret, VersionStage: 'AWSPENDING', RemoveFromVersionId: this.pending };
    await rig.secrets.client.send(new UpdateSecretVersionStageCommand(request)).catch(error => expect(error.name).toBe('InvalidParameterException'));
    this.pending = undefined;
    if (this.strategy === 'single') await this.settle(); // until then, only a version without a label may log in
  }
}

test.each(['single', 'alternating'] as const)('whatever happens in whatever order, someone logs in and the next rotation succeeds: %s', async strategy => {
  await fc.assert(fc.asyncProperty(fc.array(EVENT, { minLength: 3, maxLength: 8 }), async events => {
    const history = new History(await rig.createSubject(strategy), strategy);
    for (const event of events) await history.happen(event);
    await history.settle();
  }), { numRuns: 7, endOnFailure: true });
}, 60_000);
