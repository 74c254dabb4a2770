import type { Client } from 'pg';
import { RotatingPostgresError } from './errors';
import { ErrorCode } from '../../../src/contract';

/** The events of pg's connection for authentication methods that give the password away. */
const WEAKER = { authenticationCleartextPassword: 'in the clear', authenticationMD5Password: 'as MD5' } as const;
type Weaker = (typeof WEAKER)[keyof typeof WEAKER];

/**
 * Accepts a login only after a completed SCRAM exchange, or an MD5 exchange where that is allowed. pg uses any method
 * that the server requests, and also accepts a server that requests none: under `trust`, a wrong password would pass,
 * and a rotation would consider it tested.
 */
export class ScramOnly {
  private completed = false;
  private weaker?: Weaker;

  constructor(
    private readonly server: string,
    private readonly allowMd5 = false,
  ) {}

  /** Whether the login used MD5, which proves nothing about the server. */
  get wasMd5(): boolean {
    return !this.completed && this.weaker === WEAKER.authenticationMD5Password;
  }

  /** Adds its listeners before pg's own, so it must be called before the client connects. */
  watch({ connection }: Client): void {
    for (const [event, how] of Object.entries(WEAKER)) {
      connection.on(event, () => {
        this.weaker = how;
        // Destroying the stream discards what pg writes. Withholding the password is not possible: pg has it once a
        // server has requested SCRAM.
        if (!this.allowMd5 || !this.wasMd5) connection.stream.destroy(this.refusal(`asks for the password ${how}`));
      });
    }
    connection.on('authenticationSASLFinal', () => {
      this.completed = true;
    });
  }

  /**
   * @throws with code `Scram` unless the server has proved that it knows the password's verifier, or requested MD5
   * where that is allowed
   */
  check(): void {
    if (!this.completed && !(this.allowMd5 && this.wasMd5)) throw this.refusal('lets a login pass without SCRAM');
  }

  private refusal(what: string): RotatingPostgresError {
    return new RotatingPostgresError(ErrorCode.SCRAM, `${this.server} ${what}; only SCRAM-SHA-256 counts as a login`);
  }
}
