import * as entries from './server-log';
import type { Subject } from './subject';
import type { RotationResult } from '../../test/local/rotation-run';
import type { Call } from '../../test/local/secrets-manager';

/** A call to Secrets Manager, and how long the server's log was when it arrived. */
export interface Arrival {
  readonly call: Call;
  readonly at: number;
}

/** What one rotation took. */
export interface Sample {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMb: number;
  readonly calls: number;
  readonly connections: number;
  readonly failedLogins: number;
  readonly statements: number;
  /** Round trips that carried the statements. */
  readonly messages: number;
  /** After the password changed: the calls up to the one that moved AWSCURRENT, that one included. */
  readonly windowCalls: number;
  readonly windowLogins: number;
}

/** A rotation function and the user that it rotates. */
export class Trial {
  constructor(
    private readonly subject: Subject,
    private readonly log: entries.ServerLog,
    private readonly arrivals: Arrival[],
    private readonly rotateSecret: () => Promise<RotationResult>,
  ) {}

  /** Rotates in the process that is alive. */
  async rotateWarm(): Promise<Sample> {
    return this.rotate(this.subject.usage().cpuMs);
  }

  /** Rotates in a new process, from its start. */
  async rotateCold(): Promise<Sample> {
    await this.subject.stop();
    return this.rotate(0);
  }

  async stop(): Promise<void> {
    await this.subject.stop();
  }

  private async rotate(cpuBefore: number): Promise<Sample> {
    this.log.take();
    this.arrivals.length = 0;
    const started = performance.now();
    const { ok, step, error } = await this.rotateSecret();
    const wallMs = performance.now() - started;
    if (!ok) throw new Error(`${step}: ${error?.message}`, { cause: error });
    const { cpuMs, peakMb } = this.subject.usage();
    return { wallMs, cpuMs: cpuMs - cpuBefore, peakMb, ...this.counts() };
  }

  private counts() {
    const logged = this.log.take();
    const sum = (count: (entry: entries.Entry) => number) => logged.reduce((total, entry) => total + count(entry), 0);
    const changed = logged.find(entries.changesPassword);
    const moved = this.arrivals.find(
      ({ call }) => call.action === 'UpdateSecretVersionStage' && call.request.VersionStage === 'AWSCURRENT',
    );
    if (!changed || !moved) throw new Error('the log shows no change of the password, or no call moved AWSCURRENT');
    return {
      calls: this.arrivals.length,
      connections: logged.filter(entries.isConnection).length,
      failedLogins: logged.filter(entries.isFailedLogin).length,
      statements: sum(entries.statements),
      messages: sum(entries.messages),
      windowCalls: this.arrivals.slice(0, this.arrivals.indexOf(moved) + 1).filter(({ at }) => at > changed.at).length,
      windowLogins: logged.filter(entry => entries.isLogin(entry) && entry.at > changed.at && entry.at < moved.at)
        .length,
    };
  }
}
