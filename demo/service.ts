/**
 * A service under load, in a process of its own: inserts a row per query, at a steady rate whatever the answers are.
 * Arguments: its habit, and its queries per second. Started by consumer.ts.
 */
import { poolFor } from './habits';
import { Habit, Message, QUERIES_PER_CONNECTION, Sample, SAMPLE_MILLIS, Totals } from './protocol';

const MOST_UNANSWERED = 500;
const TICK_MILLIS = 20;

async function serve(habit: Habit, rate: number): Promise<void> {
  const pool = await poolFor(habit, { max: 10, maxUses: QUERIES_PER_CONNECTION });
  let connections = 0;
  pool
    .on('connect', () => {
      connections++;
    })
    .on('error', () => undefined);
  const samples = new Map<number, Sample>();
  const latencies: number[] = [];
  const failures: Record<string, number> = {};
  const unanswered = new Set<Promise<void>>();

  const sampleNow = () => {
    const at = Math.floor(Date.now() / SAMPLE_MILLIS) * SAMPLE_MILLIS;
    const sample = samples.get(at) ?? { at, good: 0, failed: 0 };
    samples.set(at, sample);
    return sample;
  };
  const query = async () => {
    const asked = performance.now();
    try {
      await pool.query('INSERT INTO orders (service) VALUES ($1)', [habit]);
      sampleNow().good++;
      latencies.push(performance.now() - asked);
    } catch (error) {
      sampleNow().failed++;
      const reason = reasonOf(error);
      failures[reason] = (failures[reason] ?? 0) + 1;
    }
  };
  const report = (before: number) => {
    for (const sample of samples.values()) {
      if (sample.at + SAMPLE_MILLIS > before) continue;
      samples.delete(sample.at);
      tell({ sample });
    }
  };

  const started = performance.now();
  let asked = 0;
  const load = setInterval(() => {
    const due = Math.floor(((performance.now() - started) / 1000) * rate);
    for (; asked < due && unanswered.size < MOST_UNANSWERED; asked++) {
      const answered: Promise<void> = query().finally(() => unanswered.delete(answered));
      unanswered.add(answered);
    }
    asked = due;
    report(Date.now());
  }, TICK_MILLIS);
  tell({ ready: true });

  process.once('message', () => void stop());
  const stop = async () => {
    clearInterval(load);
    await Promise.all(unanswered);
    await pool.end();
    report(Infinity);
    tell({ totals: { connections, latency: summary(latencies), failures } });
    process.disconnect();
  };
}

function tell(message: Message): void {
  process.send?.(message);
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  return code === undefined ? message : `${code} ${message.replace(/"[^"]*"/, '…')}`;
}

function summary(latencies: number[]): Totals['latency'] {
  const sorted = latencies.sort((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return { median: quantile(0.5), p99: quantile(0.99), slowest: quantile(1) };
}

process.on('SIGINT', () => undefined); // Ctrl-C reaches every process of the terminal; the demo decides
process.on('disconnect', () => process.exit());
void serve(process.argv[2] as Habit, Number(process.argv[3]));
