import { setImmediate as ticks } from 'node:timers/promises';
import type * as pg from 'pg';
import type { Gate } from './gate';
import type { Members } from './members';
import type { Replaceable } from './replacement';
import type { Login } from '../login/login';
import type { RotatingClients } from '../login/rotating-client';
import { untilAccepted } from '../login/until-accepted';
import { within } from '../shared/time';

/** How long a connection that was replaced may take to say goodbye. */
const CLOSE_MILLIS = 1_000;

/** pg's pool as it is, beneath the gate. */
export interface UngatedPool {
  readonly options: pg.PoolConfig;
  idleCount(): number;
  connect(): Promise<pg.PoolClient>;
}

/** Connections that are made beside a pool's, and take the place of one that is out of date. */
export class Spares implements Replaceable {
  readonly #pool: UngatedPool;
  readonly #gate: Gate;
  readonly #members: Members;
  readonly #login: Login;
  readonly #clients: RotatingClients;

  constructor(pool: UngatedPool, gate: Gate, members: Members, login: Login, clients: RotatingClients) {
    this.#pool = pool;
    this.#gate = gate;
    this.#members = members;
    this.#login = login;
    this.#clients = clients;
  }

  outdated(): number {
    return this.#members.outdated();
  }

  connectAhead(): Promise<pg.Client> {
    const { options } = this.#pool;
    const { budgetMillis } = this.#login;
    const connectionTimeoutMillis = options.connectionTimeoutMillis || budgetMillis;
    return untilAccepted(this.#login, performance.now() + budgetMillis, async () => {
      const client = new this.#clients.Client({ ...options, connectionTimeoutMillis });
      client.on('error', closed); // if it is lost, the pool finds out when it gets it
      await client.connect();
      return client;
    });
  }

  /**
   * A pool makes a connection only when none is idle: so all that are idle are taken out, for some ticks, and put back
   * but for one.
   */
  async swap(spare?: pg.Client): Promise<boolean> {
    let adopting: Promise<pg.PoolClient> | undefined;
    let closing: Promise<unknown> | undefined;
    const replaced = await this.#gate.exclusively(async () => {
      await ticks(); // whoever entered before has an idle one by now
      const idle = await this.#takeIdle();
      const old = idle.find(client => this.#members.isOutdated(client));
      if (old) {
        this.#members.delete(old);
        closing = new Promise(resolve => old.once('end', resolve));
        old.release(true);
        this.#clients.handOver(spare);
        if (spare) adopting = this.#pool.connect();
        this.#clients.handOver(undefined);
      }
      for (const client of idle) if (client !== old) client.release();
      return old !== undefined;
    });
    const adopted = await adopting;
    adopted?.release();
    adopted?.off('error', closed);
    // the next one is connected when this one is gone
    if (closing) await within(closing, performance.now() + CLOSE_MILLIS);
    return replaced && adopted === spare;
  }

  async #takeIdle(): Promise<pg.PoolClient[]> {
    const taken = await Promise.allSettled(Array.from({ length: this.#pool.idleCount() }, () => this.#pool.connect()));
    return taken.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  }
}

/** pg reports a connection that the server ended, and leaves the socket open. */
function closed(this: pg.Client): void {
  this.connection.stream.destroy();
}
