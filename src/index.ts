export { RotatingPostgres, type RotatingPostgresProps } from './rotating-postgres';
export { type SecretNaming } from './secret-naming';

export { AdminSecret, type AdminSecretProps } from './database/admin-secret';
export { EncryptionKey, type EncryptionKeyProps } from './database/encryption-key';
export { type IPostgresDatabase } from './database/postgres-database';
export { PostgresInstance, type PostgresInstanceProps } from './database/postgres-instance';

export { DatabaseUser, type DatabaseUserProps } from './user/database-user';
export { DatabaseUserProvider, type DatabaseUserProviderProps } from './user/database-user-provider';
export { Privileges } from './user/privileges';

export { type ConnectionOptions } from './rotation/connection-options';
export { type PasswordChangeOptions } from './rotation/password-change-options';
export { type PasswordOptions } from './rotation/password-options';
export { RevocationFunction, type RevocationFunctionProps } from './rotation/revocation-function';
export { RotationFunction, type RotationFunctionOptions, type RotationFunctionProps } from './rotation/rotation-function';
export { RotationStrategy } from './rotation/rotation-strategy';
export { type RotationScheduleOptions, ScheduledRotation, type ScheduledRotationProps } from './rotation/scheduled-rotation';

export { SecretsManagerEndpoint } from './network/secrets-manager-endpoint';

export { RotationMonitoring, type RotationMonitoringProps } from './monitoring';
