export { ErrorCode } from '../../src/contract';
export { type SecretVersion, SecretCredentials, secretCredentials } from './credentials';
export { RotatingPostgresError } from './errors';
export { rotatingPool, type RotatingPoolOptions } from './pool';
export type { Credential } from './secret-value';
export { tlsOptions, type TlsOptions, trustedRoots } from './tls';
