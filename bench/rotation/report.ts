import type { Measured } from './measure';
import type { Row } from './rows';

const MEMORY_MB = [128, 256, 512, 1_024];
/** Lambda gives CPU in proportion to memory. */
const MB_PER_VCPU = 1_769;

export const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Ours as a part of the peer's: the median of what the pairs say. */
export function ratio({ ours, peer }: Row): number | undefined {
  return peer && median(ours.map((value, index) => value / peer[index]));
}

/** Whether the target is met; undefined without one, and without the peer that it is about. */
export function met(row: Row): boolean | undefined {
  const value = row.relative ? ratio(row) : Math.max(...row.ours);
  return row.target === undefined || value === undefined ? undefined : value <= row.target;
}

/** A strategy's rows as a Markdown table. */
export function table(title: string, rows: readonly Row[]): string {
  return [
    `| ${title} | ours | peer | ratio | target | |`,
    '|---|---|---|---|---|---|',
    ...rows.map(row => {
      const [ours, peer] = [figure(row, row.ours), figure(row, row.peer)];
      return `| ${[row.measure, ours, peer, ratioText(row), targetText(row), verdict(row)].join(' | ')} |`;
    }),
  ].join('\n');
}

/** What the CPU time of ours means in Lambda, from which its memory is chosen. */
export function memoryTable({ strategy, ours }: Measured): string {
  const seconds = (samples: readonly { cpuMs: number }[], memory: number) =>
    `${(((median(samples.map(({ cpuMs }) => cpuMs)) / 1_000) * MB_PER_VCPU) / memory).toFixed(1)} s`;
  return [
    `| ${strategy}: memory in Lambda | cold, at least | warm, at least |`,
    '|---|---|---|',
    ...MEMORY_MB.map(memory => `| ${memory} MB | ${seconds(ours.cold, memory)} | ${seconds(ours.warm, memory)} |`),
  ].join('\n');
}

/** Counts that differ from rotation to rotation show their range; times and sizes their median. */
function figure({ unit }: Row, values?: readonly number[]): string {
  if (!values) return '–';
  if (unit) return `${median(values).toFixed(unit === 'ms' ? 1 : values[0] < 10 ? 3 : 0)} ${unit}`;
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? String(most) : `${least}–${most}`;
}

function ratioText(row: Row): string {
  return row.relative ? (ratio(row)?.toFixed(2) ?? '–') : '';
}

function targetText({ target, relative, unit }: Row): string {
  if (target === undefined) return '';
  return `≤ ${target}${relative ? ' of the peer' : unit && ` ${unit}`}`;
}

function verdict(row: Row): string {
  const result = met(row);
  if (result !== undefined) return result ? 'met' : '**not met**';
  return row.target === undefined ? '' : 'no peer';
}
