export { RotatingPostgres } from './rotating-postgres';
export { type AdoptProps, type RotatingPostgresOptions, type RotatingPostgresProps } from './rotating-postgres-props';
export { type SecretNaming } from './access/secret-naming';

export { AdminSecret, type AdminSecretProps } from './database/admin-secret';
export { AuroraCapacity, type ServerlessCapacity } from './database/aurora-capacity';
export { AuroraCluster, type AuroraClusterOptions, type AuroraClusterProps } from './database/aurora-cluster';
export { DatabaseProxy, type DatabaseProxyProps } from './proxy/database-proxy';
export { type AdminRotationOptions, DatabaseSource } from './database-source';
export { EncryptionKey, type EncryptionKeyProps } from './database/encryption-key';
export { PostgresDatabase } from './database/existing-database';
export { type ExistingDatabaseProps, type PostgresDatabaseAttributes } from './database/existing-database-props';
export { MultiAzCluster, type MultiAzClusterOptions, type MultiAzClusterProps } from './database/multi-az-cluster';
export { type DatabaseOptions, type NewDatabaseProps } from './database/new-database';
export { type IPostgresDatabase } from './database/postgres-database';
export {
  PostgresInstance,
  type PostgresInstanceOptions,
  type PostgresInstanceProps,
} from './database/postgres-instance';
export { ProxyAuthentication } from './proxy/proxy-authentication';

export { type AddIamUserOptions, type AddUserOptions } from './user/added-user-options';
export { DatabaseUser, type DatabaseUserProps } from './user/database-user';
export { type IDatabaseUser } from './user/database-user-interface';
export { type DatabaseUserOptions, type FurtherDatabase } from './user/database-user-options';
export { DatabaseUserProvider, type DatabaseUserProviderProps } from './user/database-user-provider';
export { IamDatabaseUser, type IamDatabaseUserProps } from './user/iam-database-user';
export { type ObjectPrivilegesOptions, Privileges } from './user/privileges';

export { type ReadOptions } from './access/read-options';
export {
  type EndpointOnlyOptions,
  SecretGuard,
  type SecretGuardOptions,
  type SecretGuardProps,
} from './access/secret-guard';
export { SecretReplica } from './access/secret-replica';
export { type PodIdentityOptions, ServiceTrust } from './access/service-trust';
export { type WireOptions } from './user/wire-options';

export { type ConnectionOptions } from './function/connection-options';
export { type PasswordChangeOptions } from './rotation/password-change-options';
export { type PasswordOptions } from './rotation/password-options';
export { RevocationFunction, type RevocationFunctionProps } from './rotation/revocation-function';
export {
  RotationFunction,
  type RotationFunctionOptions,
  type RotationFunctionProps,
} from './rotation/rotation-function';
export { RotationPeriod, type RotationSpreadOptions } from './rotation/rotation-spread';
export { type RotationCronOptions, RotationSchedule, type RotationWindowOptions } from './rotation/rotation-schedule';
export { RotationStrategy } from './access/rotation-strategy';
export {
  type RotationScheduleOptions,
  ScheduledRotation,
  type ScheduledRotationProps,
} from './rotation/scheduled-rotation';

export { SecretsManagerEndpoint } from './network/secrets-manager-endpoint';
export { type SecretsManagerEndpointOptions } from './network/secrets-manager-endpoint-options';

export { RotationMonitoring, type RotationMonitoringProps } from './rotation/rotation-monitoring';
