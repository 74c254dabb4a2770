import { ChildProcess, fork, ForkOptions } from 'node:child_process';

/** Runs a TypeScript file in a process of its own. It is told to end by a closed channel, so it does not outlive us. */
export function forkTypeScript(file: string, args: string[] = [], options: ForkOptions = {}): ChildProcess {
  return fork(file, args, { execArgv: ['--require', require.resolve('tsx/cjs')], ...options });
}
