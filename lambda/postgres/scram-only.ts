import type { Client } from 'pg';
import { RotatingPostgresError } from '../../client/src/errors';
import { ErrorCode } from '../../src/contract';

/** What pg's connection emits when the server asks for a password in a way that gives it away. */
const WEAKER = { authenticationCleartextPassword: 'in the clear', authenticationMD5Password: 'as MD5' } as const;

/**
 * Lets nothing but a completed SCRAM exchange pass for a login. pg answers whatever the server asks for, and believes one that
 * asks for nothing: under `trust` a wrong password passes, and a rotation would take it for tested.
 */
export class ScramOnly {
  private completed = false;
  private weaker?: string;

  constructor(private readonly secret: string, private readonly server: string) {}

  /** The client's password, which pg asks for when it has heard what the server wants. */
  password(): string {
    if (this.weaker) throw this.refusal(`asks for the password ${this.weaker}`);
    return this.secret;
  }

  /** Listens before pg does, so before the client connects. */
  watch({ connection }: Client): void {
    for (const [event, how] of Object.entries(WEAKER)) connection.on(event, () => { this.weaker = how; });
    connection.on('authenticationSASLFinal', () => { this.completed = true; });
  }

  /** @throws with code `Scram` unless the server has proved that it knows the password's verifier */
  check(): void {
    if (!this.completed) throw this.refusal('lets a login pass without SCRAM');
  }

  private refusal(what: string): RotatingPostgresError {
    return new RotatingPostgresError(ErrorCode.SCRAM, `${this.server} ${what}; only SCRAM-SHA-256 counts as a login`);
  }
}
