/** Comes first in a bundle under test. */
import { COVERAGE_FILE, recordCoverage } from './record-coverage';

const file = process.env[COVERAGE_FILE];
if (file) recordCoverage(globalThis as object, file);
