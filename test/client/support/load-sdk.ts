import * as sdk from '../../../client/src/secret/sdk';

// jest's CommonJS has no `import()`. A spy, not `jest.mock`: it holds whatever was imported before this file.
jest.spyOn(sdk, 'loadSdk').mockResolvedValue(jest.requireActual('@aws-sdk/client-secrets-manager'));
