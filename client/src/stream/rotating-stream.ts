import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import * as tls from 'node:tls';
import * as pg from 'pg';
import { LoggedInStream, type Server, type Session } from './logged-in-stream';
import { AUTHENTICATED, backendKeyData, parameterStatus, READY, SSL_REQUEST } from './startup';
import { Login } from '../login/login';
import { reportTrouble } from '../login/report-trouble';
import { type Place, rotatingClients } from '../login/rotating-client';
import type { SecretLoginOptions } from '../login/secret-login-options';
import { untilAccepted } from '../login/until-accepted';
import { credentialSource } from '../secret/configuration';
import { plainConfig } from '../secret/plain-config';
import { defaultLogger } from '../telemetry/logger';

/** The secret that sessions log in with, and the endpoint. */
export interface RotatingStreamOptions extends SecretLoginOptions {}

/**
 * For libraries that open their own connections: returns a factory of sockets that are already encrypted and logged in,
 * with the version of the secret that PostgreSQL accepts.
 *
 * Pass it as `stream` to `pg` and libraries that use it, and as `socket` to postgres.js. The library's own user,
 * password, host and TLS options then have no effect, and its `ssl` must be off.
 *
 * @example
 * const sql = postgres({ socket: rotatingStream(), ssl: false });
 */
export function rotatingStream(options: RotatingStreamOptions = {}): () => Socket {
  const {
    secretId,
    client,
    ttlMillis,
    replicaLagMillis,
    loginBudgetMillis,
    logger = defaultLogger,
    ...place
  } = options;
  const source = credentialSource(secretId, { client, ttlMillis });
  // it has all members of a socket that drivers use
  const streamsTo = (server: Server) => () => new LoggedInStream(server) as unknown as Socket;
  if ('connectionString' in source) return streamsTo(plainServer(plainConfig(source.connectionString, logger, place)));
  const login = new Login(source, { replicaLagMillis, loginBudgetMillis });
  reportTrouble(source, login, logger);
  return streamsTo(rotatingServer(login, place));
}

function plainServer(config: pg.ClientConfig): Server {
  return {
    logIn: parameters => logIn(new pg.Client({ ...settings(parameters), ...config })),
    cancel: message => send(message, new pg.Client(config)),
  };
}

function rotatingServer(login: Login, place: Place): Server {
  const { Client } = rotatingClients(login, place);
  return {
    logIn: (parameters, isWanted) =>
      untilAccepted(login, performance.now() + login.budgetMillis, async () => {
        if (!isWanted()) throw new Error('the driver has given up');
        return logIn(new Client({ ...settings(parameters), connectionTimeoutMillis: login.budgetMillis }));
      }),
    cancel: async message => {
      await login.admission(performance.now() + login.budgetMillis); // waits until a version has been read
      return send(message, new Client());
    },
  };
}

/** The session parameters of the driver. The others come from the secret, or pg always sends the same value. */
function settings(parameters: ReadonlyMap<string, string>): pg.ClientConfig & { replication?: string } {
  const {
    user: _,
    database: __,
    client_encoding: ___,
    application_name,
    replication,
    options,
    ...others
  } = Object.fromEntries(parameters);
  const switches = Object.entries(others).map(([name, value]) => `-c ${name}=${value.replace(/[\\\s]/g, '\\$&')}`);
  return { application_name, replication, options: [options ?? [], switches].flat().join(' ') || undefined };
}

/** Logs in with pg, and then takes the socket over. */
async function logIn(client: pg.Client): Promise<Session> {
  const said: Buffer[] = [];
  client.connection.on('parameterStatus', ({ parameterName, parameterValue }) =>
    said.push(parameterStatus(parameterName, parameterValue)),
  );
  client.connection.on('backendKeyData', ({ processID, secretKey }) => said.push(backendKeyData(processID, secretKey)));
  client.on('error', () => {}); // the stream reports it
  await client.connect();
  const socket = client.connection.stream;
  socket.removeAllListeners('data'); // pg's own listener
  return { socket, greeting: Buffer.concat([AUTHENTICATED, ...said, READY]) };
}

/** A cancel request contains the session's secret key, so that it is encrypted if the session is. */
async function send(message: Buffer, client: pg.Client): Promise<Duplex> {
  const ssl: unknown = client.ssl;
  const socket = connect(client.port, client.host);
  await once(socket, 'connect');
  let open: Duplex = socket;
  if (ssl) {
    socket.write(SSL_REQUEST);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    if (answer.toString() !== 'S') throw new Error('the server does not speak TLS');
    open = tls.connect({ socket, host: client.host, ...(typeof ssl === 'object' ? ssl : {}) });
    await once(open, 'secureConnect');
  }
  open.write(message);
  return open;
}
