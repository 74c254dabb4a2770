import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

/** A certificate and its private key, both PEM. */
export interface Identity {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A certificate authority made for one run: its root, and identities that it vouches for. */
export interface Authority {
  readonly certificate: string;
  /** A server's identity for the DNS names and IP addresses given. */
  issue(...names: string[]): Promise<Identity>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY = 86_400_000;

/** Makes an authority. */
export async function createAuthority(name: string): Promise<Authority> {
  const keys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...terms(),
    name: `CN=${name}`,
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    certificate: root.toString('pem'),
    async issue(...names) {
      const own = await newKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        ...terms(),
        subject: `CN=${names[0]}`,
        issuer: root.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new x509.SubjectAlternativeNameExtension(names.map(value => ({ type: isIP(value) ? 'ip' : 'dns', value }))),
        ],
      });
      const key = await webcrypto.subtle.exportKey('pkcs8', own.privateKey);
      return { certificate: certificate.toString('pem'), privateKey: x509.PemConverter.encode(key, 'PRIVATE KEY') };
    },
  };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function terms() {
  return {
    serialNumber: `01${randomBytes(8).toString('hex')}`, // the leading 1 keeps the integer positive
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + 7 * DAY),
    signingAlgorithm: ALGORITHM,
  };
}
