import { generateKeyPairSync, randomBytes, sign, KeyObject } from 'node:crypto';

/** A certificate and its private key, both PEM. */
export interface Identity {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A certificate authority made for one run: its root, and identities that it vouches for. */
export interface Authority {
  readonly certificate: string;
  /** A server's identity for the DNS names and IPv4 addresses given. */
  issue(...names: string[]): Identity;
}

/** Makes an authority. Node.js can parse certificates but not make them; these are the few pieces of DER that takes. */
export function createAuthority(name: string): Authority {
  const ca = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const authority = { name, key: ca.privateKey };
  return {
    certificate: certify(authority, name, ca.publicKey, extension(BASIC_CONSTRAINTS, sequence(TRUE))),
    issue: (...names) => {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return {
        certificate: certify(authority, names[0], own.publicKey, extension(SUBJECT_ALT_NAME, sequence(...names.map(alternativeName)))),
        privateKey: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}

const BASIC_CONSTRAINTS = oid('551d13');
const SUBJECT_ALT_NAME = oid('551d11');
const COMMON_NAME = oid('550403');
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
const TRUE = der(0x01, Buffer.from([0xff]));
const VERSION_3 = der(0xa0, der(0x02, Buffer.from([2])));
const DAY = 86_400_000;

function certify(issuer: { name: string; key: KeyObject }, subject: string, publicKey: KeyObject, ...extensions: Buffer[]): string {
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)]); // the leading 1 keeps the integer positive
  const body = sequence(
    VERSION_3, der(0x02, serial), ECDSA_WITH_SHA256, commonName(issuer.name),
    sequence(time(Date.now() - DAY), time(Date.now() + 7 * DAY)),
    commonName(subject), publicKey.export({ type: 'spki', format: 'der' }), der(0xa3, sequence(...extensions)),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, issuer.key)]); // 0: no unused bits
  const base64 = sequence(body, ECDSA_WITH_SHA256, der(0x03, signature)).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}

function der(tag: number, ...content: Buffer[]): Buffer {
  const value = Buffer.concat(content);
  const length = value.length < 0x80 ? [value.length] : [0x82, Math.floor(value.length / 256), value.length % 256];
  return Buffer.concat([Buffer.from([tag, ...length]), value]);
}

function sequence(...items: Buffer[]): Buffer {
  return der(0x30, ...items);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(name)))));
}

function time(instant: number): Buffer {
  const digits = new Date(instant).toISOString().replace(/[-:T]|\.\d+/g, '');
  return der(0x17, Buffer.from(digits.slice(2))); // UTCTime has a year of two digits
}

function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, der(0x04, value));
}

function alternativeName(name: string): Buffer {
  const address = /^\d+(\.\d+){3}$/.test(name);
  return address ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name));
}
