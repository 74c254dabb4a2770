/** `npm run test:faults`: the functions killed at every call and message, and everything around them broken. */
import { jest, testsIn } from './jest';

process.exitCode = jest({ ...testsIn('lambda/faults'), maxWorkers: 3 }) ? 0 : 1;
