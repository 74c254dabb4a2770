import { PEERS } from './pools';

/** One figure, and what it must be. */
export interface Row {
  readonly figure: string;
  readonly ours: number;
  readonly target?: number;
  readonly unit?: string;
  /** By the name of the peer. */
  readonly peers?: Readonly<Record<string, number | undefined>>;
}

export function met({ ours, target }: Row): boolean | undefined {
  return target === undefined ? undefined : ours <= target;
}

/** The rows as a Markdown table. */
export function table(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(['figure', 'ours', 'target', '', ...PEERS]),
    line(Array.from({ length: 4 + PEERS.length }, () => '---')),
    ...rows.map(row => {
      const number = (value?: number) =>
        value === undefined ? '–' : `${round(value)}${row.unit ? ` ${row.unit}` : ''}`;
      const verdict = met(row);
      return line([
        row.figure,
        number(row.ours),
        row.target === undefined ? '' : `≤ ${number(row.target)}`,
        verdict === undefined ? '' : verdict ? 'met' : '**not met**',
        ...PEERS.map(peer => number(row.peers?.[peer])),
      ]);
    }),
  ].join('\n');
}

function round(value: number): string {
  return Number.isInteger(value) || Math.abs(value) >= 1_000 ? value.toFixed(0) : value.toPrecision(3);
}
