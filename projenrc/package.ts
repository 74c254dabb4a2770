/** What the published packages are called and say about themselves. */
export const PACKAGE = {
  name: 'cdk-rotating-postgres',
  description:
    'PostgreSQL on AWS whose passwords change by themselves while no query fails: RDS, encrypted ' +
    'secrets, rotation, alarms and least-privilege grants in one CDK construct.',
  author: 'The RotatingPostgres authors',
  authorAddress: 'https://github.com/cdk-rotating-postgres',
  authorOrganization: true,
  repositoryUrl: 'https://github.com/cdk-rotating-postgres/cdk-rotating-postgres.git',
  license: 'Apache-2.0',
  copyrightOwner: 'The RotatingPostgres authors',
  stability: 'experimental',
  keywords: [
    'aws',
    'cdk',
    'postgresql',
    'postgres',
    'rds',
    'secrets-manager',
    'secret',
    'rotation',
    'password',
    'credentials',
    'security',
  ],
  publishToPypi: { distName: 'cdk-rotating-postgres', module: 'cdk_rotating_postgres' },
  publishToMaven: {
    javaPackage: 'io.github.cdkrotatingpostgres',
    mavenGroupId: 'io.github.cdkrotatingpostgres',
    mavenArtifactId: 'cdk-rotating-postgres',
  },
  publishToGo: {
    moduleName: 'github.com/cdk-rotating-postgres/cdk-rotating-postgres-go',
    packageName: 'rotatingpostgres',
  },
  publishToNuget: { dotNetNamespace: 'CdkRotatingPostgres', packageId: 'CdkRotatingPostgres' },
};
