import pg from 'pg';
import type { SecretVersion } from './credentials';
import { isAuthenticationFailure } from './errors';
import type { Login } from './login';
import { tlsOptions, type TlsOptions } from './tls';

/** What the user sets of the place; the rest is the secret's. */
export interface Place extends TlsOptions {
  /** @default - the secret's */
  readonly host?: string;
  /** @default - the secret's */
  readonly port?: number;
  /** @default - the secret's */
  readonly database?: string;
}

/** Beside the connections, not on them: an inspected connection shows nothing of it. */
const madeWith = new WeakMap<pg.ClientBase, SecretVersion>();

/** The version of the secret that a connection logged in with. */
export function versionOf(client: pg.ClientBase): SecretVersion | undefined {
  return madeWith.get(client);
}

/** The class of connections for a pool whose logins are `login`'s. */
export function rotatingClient(login: Login, place: Place): typeof pg.Client {
  return class RotatingClient extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      const version = login.version;
      if (!version) throw new Error('a connection was made before the secret was read');
      const { credential } = version;
      const host = place.host ?? credential.host;
      super({
        ...(typeof config === 'string' ? {} : config),
        connectionString: undefined, // it would win over all of the following
        host,
        port: place.port ?? credential.port,
        database: place.database ?? credential.dbname,
        user: credential.username,
        password: credential.password,
        ssl: tlsOptions(host, place),
      });
      madeWith.set(this, version);
    }

    override connect(): Promise<pg.Client>;
    override connect(callback: ConnectCallback): void;
    override connect(callback?: ConnectCallback): Promise<pg.Client> | void {
      if (!callback) {
        return new Promise((resolve, reject) => this.connect((error: Error | null) => (error ? reject(error) : resolve(this))));
      }
      const version = versionOf(this)!;
      super.connect((error: Error | null) => {
        if (!error) login.accepted(version);
        if (!error || !isAuthenticationFailure(error)) return report(callback, error);
        // A pool that hears of a failure lets the next caller log in at once. So it hears only when there is something new to log
        // in with: else every caller in its queue would be refused in turn.
        void login.refused(version).then(() => process.nextTick(report, callback, error));
      });
    }
  };
}

type ConnectCallback = ((error: Error) => void) | ((error: null, client: pg.Client) => void);

/** pg calls back with the error or with nothing, which its types cannot say. */
function report(callback: ConnectCallback, error: Error | null): void {
  (callback as (error: Error | null) => void)(error);
}
