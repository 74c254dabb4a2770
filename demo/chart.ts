import { ActResult, RATES } from './act';
import type { ConsumerResult } from './consumer';
import { SAMPLE_MILLIS } from './protocol';
import { HABITS } from './words';

const WIDTH = 960;
const LEFT = 44;
const TOP = 18;
const PLOT_HEIGHT = 84;
const AXIS_HEIGHT = 22;

/**
 * Queries over time of one service in one act, as SVG: good ones from the ground up, failed ones on top, rotations as
 * bands behind.
 */
export function renderChart(act: ActResult, consumer: ConsumerResult): string {
  const rate = RATES[consumer.habit];
  const samples = consumer.samples.filter(({ at }) => at >= act.begun && at + SAMPLE_MILLIS <= act.ended);
  const perSecond = 1000 / SAMPLE_MILLIS;
  const highest = Math.max(rate * 1.3, ...samples.map(({ good, failed }) => (good + failed) * perSecond));
  const x = (instant: number) => LEFT + ((instant - act.begun) / (act.ended - act.begun)) * (WIDTH - LEFT);
  const y = (value: number) => TOP + PLOT_HEIGHT * (1 - (value * perSecond) / highest);
  const ground = TOP + PLOT_HEIGHT;

  const bar = (at: number, from: number, to: number) =>
    to > from
      ? `M${round(x(at))} ${round(y(from))}V${round(y(to))}H${round(x(at + SAMPLE_MILLIS) - 1)}V${round(y(from))}Z`
      : '';
  const good = samples.map(sample => bar(sample.at, 0, sample.good)).join('');
  const failed = samples.map(sample => bar(sample.at, sample.good, sample.good + sample.failed)).join('');
  const bands = act.rotations.map(({ begun, ended, ok }, index) => {
    const [from, to] = [round(x(begun)), round(x(ended))];
    const title = `rotation ${index + 1}, ${((ended - begun) / 1000).toFixed(1)} s${ok ? '' : ', failed'}`;
    return (
      `<g class="rotation${ok ? '' : ' broken'}"><title>${title}</title>` +
      `<rect x="${from}" y="${TOP - 4}" width="${round(to - from)}" height="${PLOT_HEIGHT + 4}"/>` +
      `<text x="${round((from + to) / 2)}" y="11">${index + 1}</text></g>`
    );
  });
  const line = y(rate / perSecond);
  const label =
    `${HABITS[consumer.habit].name}: ${consumer.failed} of ${consumer.good + consumer.failed} ` + 'queries failed';
  return `<svg viewBox="0 0 ${WIDTH} ${ground + AXIS_HEIGHT}" role="img" aria-label="${label}">
${bands.join('\n')}
<line class="asked" x1="${LEFT}" x2="${WIDTH}" y1="${round(line)}" y2="${round(line)}"/>
<text class="scale" x="${LEFT - 6}" y="${round(line) + 4}">${rate}/s</text>
<text class="scale" x="${LEFT - 6}" y="${ground}">0</text>
<path class="good" d="${good}"/>
<path class="failed" d="${failed}"/>
<line class="ground" x1="${LEFT}" x2="${WIDTH}" y1="${ground}" y2="${ground}"/>
${ticks((act.ended - act.begun) / 1000)
  .map(second => `<text class="tick" x="${round(x(act.begun + second * 1000))}" y="${ground + 16}">${second} s</text>`)
  .join('')}
</svg>`;
}

/** A whole number of seconds apart, ten or fewer, and none at the very edge, where its label would be cut. */
function ticks(seconds: number): number[] {
  const step = [1, 2, 5, 10, 20, 60].find(size => seconds / size <= 10) ?? 300;
  const count = Math.floor((seconds - seconds / 50) / step) + 1;
  return Array.from({ length: count }, (_, index) => index * step);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
