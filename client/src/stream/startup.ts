import { ErrorCode } from '../../../src/contract';
import { RotatingPostgresError } from '../shared/errors';

/** The first message of a driver: a request for a session, or to cancel another session's query. */
export type FirstMessage =
  | { readonly kind: 'session'; readonly parameters: ReadonlyMap<string, string> }
  | { readonly kind: 'cancel'; readonly message: Buffer };

const VERSION_3 = 3;
const CANCEL = 80877102;
const SSL = 80877103;

/** Parses the first message; `undefined` while it is incomplete. */
export function firstMessage(bytes: Buffer): FirstMessage | undefined {
  if (bytes.length < 8 || bytes.length < bytes.readInt32BE()) return undefined;
  const code = bytes.readInt32BE(4);
  if (code === CANCEL) return { kind: 'cancel', message: bytes };
  if (code === SSL) {
    throw new RotatingPostgresError(
      ErrorCode.CONFIGURATION,
      'the stream has TLS already: set "ssl" of the driver to false',
    );
  }
  if (bytes.readInt16BE(4) !== VERSION_3) {
    throw new RotatingPostgresError(ErrorCode.CONFIGURATION, `the driver speaks no version 3 of the protocol: ${code}`);
  }
  const words = bytes.toString('utf8', 8).split('\0');
  const parameters = new Map<string, string>();
  for (let i = 0; words[i]; i += 2) parameters.set(words[i], words[i + 1]);
  return { kind: 'session', parameters };
}

/** AuthenticationOk, the first message of a server that requires no authentication. */
export const AUTHENTICATED = message('R', int32(0));
export const READY = message('Z', Buffer.from('I'));

export function parameterStatus(name: string, value: string): Buffer {
  return message('S', Buffer.from(`${name}\0${value}\0`));
}

/** The key with which a query of the session can be cancelled. */
export function backendKeyData(processId: number, secretKey: number): Buffer {
  return message('K', int32(processId), int32(secretKey));
}

/** SSLRequest. The server answers with one byte. */
export const SSL_REQUEST = Buffer.concat([int32(8), int32(SSL)]);

function message(type: string, ...body: Buffer[]): Buffer {
  const content = Buffer.concat(body);
  return Buffer.concat([Buffer.from(type), int32(content.length + 4), content]);
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}
