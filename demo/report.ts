import type { ActResult } from './act';
import { RATES } from './act';
import { renderChart } from './chart';
import type { ConsumerResult } from './consumer';
import { Outcome, ours } from './outcome';
import { QUERIES_PER_CONNECTION } from './protocol';
import { STYLE } from './style';
import { HABITS, STRATEGIES } from './words';
import type { RotationStrategyName } from '../src/contract';
import type { Surroundings } from '../test/local/surroundings';

/** What a reader needs to know of a strategy to understand its charts. */
const EXPLANATIONS: Record<RotationStrategyName, string> = {
  single:
    'One database user; each rotation changes its password. From that change until the new password is labelled ' +
    'AWSCURRENT, only the pending one logs in. Open connections live on, so a service fails as its connections are ' +
    'replaced.',
  alternating:
    'Two database users take turns; each rotation changes the password of the one not in use. The replaced login ' +
    'works until the following rotation, so a service that never reads again fails one rotation later; one that ' +
    'reads the new password for its old user fails at once.',
};

/** The report: one HTML page that needs nothing else. */
export function renderReport(acts: readonly ActResult[], outcome: Outcome, where: Surroundings): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rotation under load: ${count(outcome.failed)} of ${count(outcome.queries)} queries failed</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Rotation under load</h1>
<p class="verdict"><strong>${count(outcome.failed)}</strong> of ${count(outcome.queries)} queries failed
with rotating-postgres-client during ${outcome.rotations} rotations.</p>
${outcome.faults.map(fault => `<p class="fault">${escape(fault)}</p>`).join('\n')}
<p class="key"><span class="good"></span>answered <span class="failed"></span>failed
<span class="rotation"></span>a rotation, from createSecret to the end of finishSecret</p>
${acts.map(renderAct).join('\n')}
<h2>How this was measured</h2>
<ul>
<li>A query inserts one row. The rows of our client's service were counted afterwards:
${acts.map(act => `${count(act.rows)} for ${count(ours(act).good)} answered queries`).join(', ')}.</li>
<li>A connection serves ${QUERIES_PER_CONNECTION} queries and is then replaced, so that logins happen all the time. Time
to answer includes the wait for a connection.</li>
<li>Queries are sent at a steady rate, whatever the answers: ${RATES.rotating} a second with our client,
${RATES['read-once']} with each habit, because a refused login costs a small machine far more than a query.</li>
<li>Rotations follow each other within seconds here, and every 30 days by default in AWS. So the shares of failed
queries of the two habits say little of a month in production. What to take from them is that they fail at all, and
for how
long: read once, until somebody restarts the service, which nobody does here; cached, until the cache ends, or with
alternating users until the rotation that gives the first user its turn.</li>
<li>PostgreSQL is real, with TLS and SCRAM. The rotation function is the one that ships. Secrets Manager is a local
double that keeps to AWS's rules for versions and labels.</li>
</ul>
<dl>${Object.entries({
    Run: where.date,
    Machine: where.machine,
    'Node.js': where.node,
    PostgreSQL: where.postgres,
    pg: where.pg,
    'AWS SDK for JavaScript': where.sdk,
  })
    .map(([term, detail]) => `<div><dt>${term}</dt><dd>${escape(detail)}</dd></div>`)
    .join('')}</dl>
</main>
</body>
</html>
`;
}

const COLUMNS = [
  ...['Service', 'Queries', 'Failed', 'Share', 'Connections', 'Median', '99 %', 'Slowest'],
  'Why queries failed',
];

function renderAct(act: ActResult): string {
  return `<section>
<h2>${STRATEGIES[act.strategy]}</h2>
<p>${EXPLANATIONS[act.strategy]}</p>
${act.consumers.map(consumer => renderService(act, consumer)).join('\n')}
<div class="scroll"><table>
<thead><tr>${COLUMNS.map(column => `<th>${column}</th>`).join('')}</tr></thead>
<tbody>${act.consumers.map(renderRow).join('\n')}</tbody>
</table></div>
</section>`;
}

function renderService(act: ActResult, consumer: ConsumerResult): string {
  const { name, what } = HABITS[consumer.habit];
  return `<figure>
<figcaption><strong>${name}</strong> ${what}
<span class="${consumer.failed ? 'bad' : 'fine'}">${count(consumer.failed)} failed</span></figcaption>
<div class="scroll">${renderChart(act, consumer)}</div>
</figure>`;
}

function renderRow({ habit, good, failed, totals: { connections, latency, failures } }: ConsumerResult): string {
  const cells = [
    count(good + failed),
    count(failed),
    `${((failed / (good + failed)) * 100).toFixed(1)} %`,
    count(connections),
    millis(latency.median),
    millis(latency.p99),
    millis(latency.slowest),
  ];
  return `<tr><th>${HABITS[habit].name}</th>${cells.map(cell => `<td>${cell}</td>`).join('')}<td class="why">${
    Object.entries(failures)
      .map(([reason, times]) => `${count(times)} × ${escape(reason)}`)
      .join('<br>') || '–'
  }</td></tr>`;
}

function millis(value: number): string {
  return `${value < 10 ? value.toFixed(1) : count(Math.round(value))} ms`;
}

function count(value: number): string {
  return value.toLocaleString('en-GB');
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`);
}
