import type { Client } from 'pg';
import { RotatingPostgresError } from './errors';
import { ErrorCode } from '../../../src/contract';

/** What pg's connection emits when the server asks for a password in a way that gives it away. */
const WEAKER = { authenticationCleartextPassword: 'in the clear', authenticationMD5Password: 'as MD5' } as const;
type Weaker = (typeof WEAKER)[keyof typeof WEAKER];

/**
 * Accepts a login only after a completed SCRAM exchange, or an MD5 one where that is allowed. pg answers whatever the
 * server asks for, and accepts a server that asks for nothing: under `trust` a wrong password passes, and a rotation
 * would take it for tested.
 */
export class ScramOnly {
  private completed = false;
  private weaker?: Weaker;

  constructor(
    private readonly server: string,
    private readonly allowMd5 = false,
  ) {}

  /** Whether the login was MD5, in which the server proves nothing. */
  get wasMd5(): boolean {
    return !this.completed && this.weaker === WEAKER.authenticationMD5Password;
  }

  /** Listens before pg does, so before the client connects. */
  watch({ connection }: Client): void {
    for (const [event, how] of Object.entries(WEAKER)) {
      connection.on(event, () => {
        this.weaker = how;
        // What pg writes now goes nowhere. Withholding the password would not do: pg has it once a server has asked for
        // SCRAM.
        if (!this.allowMd5 || !this.wasMd5) connection.stream.destroy(this.refusal(`asks for the password ${how}`));
      });
    }
    connection.on('authenticationSASLFinal', () => {
      this.completed = true;
    });
  }

  /**
   * @throws with code `Scram` unless the server has proved that it knows the password's verifier, or asked for MD5
   * where that is allowed
   */
  check(): void {
    if (!this.completed && !(this.allowMd5 && this.wasMd5)) throw this.refusal('lets a login pass without SCRAM');
  }

  private refusal(what: string): RotatingPostgresError {
    return new RotatingPostgresError(ErrorCode.SCRAM, `${this.server} ${what}; only SCRAM-SHA-256 counts as a login`);
  }
}
