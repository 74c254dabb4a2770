import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform } from 'node:os';

/** Where and with what the demo ran. */
export interface Surroundings {
  readonly date: string;
  readonly node: string;
  readonly postgres: string;
  readonly pg: string;
  readonly sdk: string;
  readonly machine: string;
}

/** Tells them. */
export function surroundings(postgres: string): Surroundings {
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' ') + ' UTC',
    node: process.versions.node,
    postgres,
    pg: versionOf('pg'),
    sdk: versionOf('@aws-sdk/client-secrets-manager'),
    machine: `${availableParallelism()} cores, ${cpus()[0]?.model.trim() || arch()}, ${platform()}`,
  };
}

function versionOf(dependency: string): string {
  return (JSON.parse(readFileSync(require.resolve(`${dependency}/package.json`), 'utf8')) as { version: string })
    .version;
}
