import { setImmediate as ticks } from 'node:timers/promises';
import type * as pg from 'pg';
import type { Gate } from './gate';
import type { Members } from './members';
import type { Replaceable } from './replacement';
import type { Login } from '../login/login';
import type { RotatingClients } from '../login/rotating-client';
import { untilAccepted } from '../login/until-accepted';
import { within } from '../shared/time';

/** How long closing a replaced connection may take. */
const CLOSE_MILLIS = 1_000;

/** pg's own pool, without the gate. */
export interface UngatedPool {
  readonly options: pg.PoolConfig;
  idleCount(): number;
  connect(): Promise<pg.PoolClient>;
}

/** Opens connections outside a pool, and swaps them with outdated ones. */
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
      client.on('error', closed); // if it is lost, the pool notices when it takes it over
      await client.connect();
      return client;
    });
  }

  /**
   * pg's pool creates a connection only when none is idle. So all idle connections are taken out for some ticks of the
   * event loop, and all but one are put back.
   */
  async swap(spare?: pg.Client): Promise<boolean> {
    let adopting: Promise<pg.PoolClient> | undefined;
    let closing: Promise<unknown> | undefined;
    const replaced = await this.#gate.exclusively(async () => {
      await ticks(); // callers that entered before have their idle connection by now
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
    // the next spare connects only after this connection has closed
    if (closing) await within(closing, performance.now() + CLOSE_MILLIS);
    return replaced && adopted === spare;
  }

  async #takeIdle(): Promise<pg.PoolClient[]> {
    const taken = await Promise.allSettled(Array.from({ length: this.#pool.idleCount() }, () => this.#pool.connect()));
    return taken.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  }
}

/** pg reports a connection that the server has closed, and leaves the socket open. */
function closed(this: pg.Client): void {
  this.connection.stream.destroy();
}
