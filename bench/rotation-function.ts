/**
 * What one rotation costs the rotation function: peak memory and CPU time, for a new process and for a warm one. From these the
 * function's memory is chosen, for Lambda gives CPU in proportion to it: one vCPU at 1,769 MB.
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { startRig } from '../test/lambda/rig';
import { startPostgres } from '../test/local/postgres';

const RUNS = 9;
const MEMORY_MB = [128, 256, 512, 1_024];
const MB_PER_VCPU = 1_769;
const TICKS_PER_SECOND = 100; // USER_HZ of every Linux

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** CPU seconds so far, and the most memory so far in MB. Linux only. */
function usage(pid: number): { cpu: number; memory: number } {
  const [, fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return { cpu: (user + system) / TICKS_PER_SECOND, memory: Number(peak[1]) / 1_024 };
}

async function main(): Promise<void> {
  const server = await startPostgres();
  const rig = await startRig({}, server);
  const cold: number[] = [];
  const warm: number[] = [];
  const memory: number[] = [];
  try {
    const secret = await rig.createUser('bench');
    for (let run = 0; run < RUNS; run++) {
      await rig.rotation.stop();
      await rig.secrets.rotate(secret);
      const first = usage(rig.rotation.pid!);
      await rig.secrets.rotate(secret);
      const second = usage(rig.rotation.pid!);
      cold.push(first.cpu);
      warm.push(second.cpu - first.cpu);
      memory.push(second.memory);
    }
  } finally {
    await rig.stop();
    await server.stop();
  }
  console.log(`Node.js ${process.version}, ${cpus().length} × ${cpus()[0].model}; ${RUNS} processes, medians`);
  console.log(`peak memory ${median(memory).toFixed(0)} MB; CPU: start and first rotation ${median(cold).toFixed(2)} s, each further rotation ${median(warm).toFixed(2)} s`);
  for (const size of MEMORY_MB) {
    const seconds = (cpu: number) => (cpu * MB_PER_VCPU / size).toFixed(1);
    console.log(`${String(size).padStart(5)} MB: at least ${seconds(median(cold))} s cold, ${seconds(median(warm))} s warm`);
  }
}

void main();
