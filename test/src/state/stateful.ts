import type { Template } from 'aws-cdk-lib/assertions';
import { resourcesOf } from '../support/stacks';

/**
 * The resources whose loss loses data, or leaves a database that cannot start, and their properties whose change makes
 * CloudFormation make a new one ("Update requires: Replacement"). GenerateSecretString stands here too: any change of
 * it replaces the value.
 */
const REPLACED_BY: Readonly<Record<string, readonly string[]>> = {
  'AWS::KMS::Key': ['KeySpec', 'KeyUsage', 'MultiRegion', 'Origin'],
  'AWS::SecretsManager::Secret': ['Name', 'GenerateSecretString', 'SecretString'],
  'AWS::SecretsManager::SecretTargetAttachment': ['SecretId', 'TargetId', 'TargetType'],
  'AWS::RDS::DBInstance': [
    'AvailabilityZone',
    'CharacterSetName',
    'DBClusterIdentifier',
    'DBInstanceIdentifier',
    'DBName',
    'DBSnapshotIdentifier',
    'DBSubnetGroupName',
    'Engine',
    'KmsKeyId',
    'MasterUsername',
    'NcharCharacterSetName',
    'Port',
    'SourceDBInstanceIdentifier',
    'SourceRegion',
    'StorageEncrypted',
    'Timezone',
  ],
  'AWS::RDS::DBCluster': [
    'AvailabilityZones',
    'ClusterScalabilityType',
    'DatabaseName',
    'DBClusterIdentifier',
    'DBSubnetGroupName',
    'Engine',
    'EngineMode',
    'KmsKeyId',
    'MasterUsername',
    'PubliclyAccessible',
    'SnapshotIdentifier',
    'SourceDBClusterIdentifier',
    'SourceRegion',
    'StorageEncrypted',
    'StorageType',
  ],
  'AWS::RDS::DBSubnetGroup': ['DBSubnetGroupName'],
  'AWS::RDS::DBParameterGroup': ['DBParameterGroupName', 'Description', 'Family'],
  'AWS::RDS::DBClusterParameterGroup': ['DBClusterParameterGroupName', 'Description', 'Family'],
  // A new service token is refused, and a new name is a new user.
  'Custom::RotatingPostgresUser': ['ServiceToken', 'username'],
};

export interface StatefulResource {
  readonly type: string;
  readonly replacedBy: Readonly<Record<string, unknown>>;
}

/** The stateful resources of a template by logical id, each with the properties whose change would replace it. */
export function statefulResources(template: Template): Record<string, StatefulResource> {
  const stateful = Object.entries(resourcesOf(template)).filter(([, { Type }]) => Type in REPLACED_BY);
  return Object.fromEntries(
    stateful
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, { Type, Properties }]) => {
        const replacing = REPLACED_BY[Type].filter(name => Properties[name] !== undefined).map(name => [
          name,
          Properties[name],
        ]);
        return [id, { type: Type, replacedBy: Object.fromEntries(replacing) }];
      }),
  );
}
