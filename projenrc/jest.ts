import { javascript } from 'projen';

export const JEST: javascript.JestOptions = {
  updateSnapshot: javascript.UpdateSnapshot.NEVER, // a drifted snapshot must fail, not pass
  jestConfig: {
    testPathIgnorePatterns: [
      '/node_modules/',
      '<rootDir>/test/lambda/faults/', // minutes: npm run test:faults
      '<rootDir>/test/client/libraries/', // needs an installation: npm run test:client-libraries
    ],
    collectCoverage: false,
    maxWorkers: '100%', // jest leaves one core idle, and of two that is half
    testSequencer: '<rootDir>/test/local/jest-longest-first.js',
    testTimeout: 60_000, // a test fails by what it sees, not because the machine is busy
    runtime: '<rootDir>/test/local/jest-runtime.js',
    globalSetup: '<rootDir>/test/local/jest-global-setup.ts',
    globalTeardown: '<rootDir>/test/local/jest-global-teardown.ts',
  },
};
