import * as pg from 'pg';
import type { Login } from './login';
import { NotAdmitted } from './until-accepted';
import type { SecretVersion } from '../secret/secret-reader';
import { isAuthenticationFailure } from '../shared/errors';
import { ScramOnly } from '../shared/scram-only';
import { tlsOptions, type TlsOptions } from '../shared/tls';

/** The endpoint to log in to, if it differs from the secret's, for example a replica. */
export interface Place extends TlsOptions {
  /**
   * Host name of the endpoint.
   * @default - the host in the secret
   */
  readonly host?: string;
  /**
   * TCP port of the endpoint.
   * @default - the port in the secret
   */
  readonly port?: number;
  /**
   * Name of the database.
   * @default - the database in the secret
   */
  readonly database?: string;
}

/** Kept outside the connection objects, so that inspecting a connection does not show the credential. */
const madeWith = new WeakMap<pg.ClientBase, SecretVersion>();

/** The version of the secret that a connection logged in with. */
export function versionOf(client: pg.ClientBase): SecretVersion | undefined {
  return madeWith.get(client);
}

/** The connection class of a pool whose logins use `login`. */
export interface RotatingClients {
  /** The class that the pool creates its connections with. */
  readonly Client: typeof pg.Client;
  /** Makes the pool's next new connection be this one, which is already connected. */
  handOver(client: pg.Client | undefined): void;
}

export function rotatingClients(login: Login, place: Place): RotatingClients {
  let spare: pg.Client | undefined;

  class RotatingClient extends pg.Client {
    readonly #scram: ScramOnly;
    #connected = false;

    constructor(config?: string | pg.ClientConfig) {
      const version = login.version;
      if (!version) throw new Error('a connection was made before the secret was read');
      const { credential } = version;
      const host = place.host ?? credential.host;
      const port = place.port ?? credential.port;
      const scram = new ScramOnly(`${host}:${port}`);
      super({
        ...(typeof config === 'string' ? {} : config),
        connectionString: undefined, // it would override all of the following
        host,
        port,
        database: place.database ?? credential.dbname,
        user: credential.username,
        password: credential.password,
        ssl: tlsOptions(host, place),
      });
      this.#scram = scram;
      scram.watch(this);
      madeWith.set(this, version);
    }

    override connect(): Promise<pg.Client>;
    override connect(callback: ConnectCallback): void;
    override connect(callback?: ConnectCallback): Promise<pg.Client> | void {
      if (!callback) {
        return new Promise((resolve, reject) =>
          this.connect((error: Error | null) => (error ? reject(error) : resolve(this))),
        );
      }
      if (this.#connected) return process.nextTick(report, callback, null);
      const version = versionOf(this)!;
      if (!login.mayTry(version)) {
        return process.nextTick(report, callback, new NotAdmitted('another login finds out first'));
      }
      login.begins(version);
      super.connect((failure: Error | null) => {
        const error = failure ?? this.#withoutScram();
        if (!error) login.accepted(version);
        else if (isAuthenticationFailure(error)) login.refused(version, error);
        else login.failed(version);
        this.#connected = !error;
        if (failure) this.connection.stream.destroy(); // pg leaves the socket open if the client itself ended the login
        report(callback, error);
      });
    }

    #withoutScram(): Error | null {
      try {
        this.#scram.check();
        return null;
      } catch (error) {
        super.end().catch(() => undefined);
        return error as Error;
      }
    }
  }

  return {
    // A constructor that returns an existing connection is the only means to add one to pg's pool.
    Client: new Proxy(RotatingClient, {
      construct(target, [config]) {
        const client = spare ?? new target(config);
        spare = undefined;
        return client;
      },
    }),
    handOver(client) {
      spare = client;
    },
  };
}

type ConnectCallback = ((error: Error) => void) | ((error: null, client: pg.Client) => void);

/** pg calls back with an error or with nothing, which its types cannot express. */
function report(callback: ConnectCallback, error: Error | null): void {
  (callback as (error: Error | null) => void)(error);
}
