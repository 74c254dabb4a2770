/**
 * `npm run bench:client`: what the client costs and withstands, beside the targets and, where they are given, beside
 * its peers.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { micro } from './micro';
import { type Kind, PEERS } from './pools';
import { met, type Row, table } from './report';
import {
  GAP,
  type Outcome,
  p99Ratio,
  readsPerTtl,
  refusals,
  refusalsPerMinute,
  rotations,
  whileLoaded,
} from './scenarios';
import { setStage, type Stage } from './stage';
import { surroundings } from '../../test/local/surroundings';

// a notice on the end of Node.js 20, once per process
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const OUT = join(__dirname, '..', 'out');
const HELP = `npm run bench:client -- [options]

  --rotations <n>        rotations of each strategy [100]
  --lanes <n>            so many of them at once, each of another user with a service of its own [4]
  --peer-rotations <n>   single-user rotations of each peer [20]
  --p99-rotations <n>    rotations for each p99, of ten seconds each [6]
  --quick                leaves out what takes a minute: the gap of 60 s, and the logins when every version is refused
  --peers <folder>       has pg, @aws-lambda-powertools/parameters, @middy/core, @middy/secrets-manager and
                         aws-advanced-nodejs-wrapper in its node_modules; also by BENCH_CLIENT_PEERS

A rotation is what its function does to a reader: AWSPENDING is written, the password changes, and AWSCURRENT moves
after a gap of ${GAP.least} to ${GAP.most} ms (single user) or at once (alternating users).`;

interface Effort {
  readonly rotations: number;
  readonly lanes: number;
  readonly peerRotations: number;
  readonly p99Rotations: number;
  readonly quick: boolean;
  readonly peers?: string;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rotations: { type: 'string', default: '100' },
      lanes: { type: 'string', default: '4' },
      'peer-rotations': { type: 'string', default: '20' },
      'p99-rotations': { type: 'string', default: '6' },
      quick: { type: 'boolean', default: false },
      peers: { type: 'string', default: process.env.BENCH_CLIENT_PEERS },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const effort: Effort = {
    rotations: Number(values.rotations),
    lanes: Number(values.lanes),
    peerRotations: Number(values['peer-rotations']),
    p99Rotations: Number(values['p99-rotations']),
    quick: values.quick,
    peers: values.peers,
  };
  const stage = await setStage();
  try {
    const where = surroundings(stage.postgresVersion);
    const loadBefore = loadavg()[0];
    const rows = await measure(stage, effort);
    console.log(
      `\n${table(rows)}\n\n${where.date}; ${where.machine}; load ${loadBefore.toFixed(1)} before; Node.js ` +
        `${where.node}, ` +
        `PostgreSQL ${where.postgres}, pg ${where.pg}, SDK ${where.sdk}; ${effort.rotations} rotations of ` +
        `each strategy, ${effort.peerRotations} of each peer.`,
    );
    mkdirSync(OUT, { recursive: true });
    const file = join(OUT, 'client.json');
    writeFileSync(
      file,
      JSON.stringify({ where, loadBefore, effort, rows: rows.map(row => ({ ...row, met: met(row) })) }, undefined, 2),
    );
    console.log(`All figures: ${relative(process.cwd(), file)}`);
  } finally {
    await stage.stop();
  }
}

async function measure(stage: Stage, effort: Effort): Promise<Row[]> {
  const rows: Row[] = [];
  const say = (...found: Row[]) => {
    rows.push(...found);
    for (const row of found) console.log(`${row.figure}: ${row.ours}`, row.peers ?? '');
  };
  const failed = (what: string, outcome: Outcome, peers?: Row['peers']) =>
    say(
      { figure: `failed queries, ${what}, of ${outcome.queries}`, ours: outcome.failed, target: 0, peers },
      { figure: `slowest query, ${what}`, ours: outcome.slowestMillis, target: 1_000, unit: 'ms' },
    );
  const fault = (options: Parameters<typeof whileLoaded>[2], happens: Parameters<typeof whileLoaded>[3]) =>
    whileLoaded(stage, 'single', options, happens);
  const { secretArn } = await stage.addApplication();

  const small = await micro({ secretArn, peers: effort.peers }, stage.environment);
  say(
    { figure: 'cached read, synchronous', ours: small.syncNs, target: 10, unit: 'ns' },
    {
      figure: 'cached read, awaited',
      ours: small.awaitedNs.rotating!,
      target: 100,
      unit: 'ns',
      peers: small.awaitedNs,
    },
    { figure: 'added latency per query, p50', ours: small.addedMicros, target: 10, unit: 'µs' },
  );

  const reads = await readsPerTtl(stage);
  const readsOfPeers = await ofPeers(effort, ['powertools', 'middy'], kind =>
    readsPerTtl(stage, { kind, peers: effort.peers }),
  );
  const pick = <T>(found: Partial<Record<Kind, T>>, read: (value: T) => number) =>
    Object.fromEntries(Object.entries(found).map(([kind, value]) => [kind, read(value)]));
  say(
    {
      figure: 'GetSecretValue, 50 callers who start together',
      ours: reads.burst,
      target: 1,
      peers: pick(readsOfPeers, ({ burst }) => burst),
    },
    // A TTL is jittered by up to a fifth.
    {
      figure: 'GetSecretValue per TTL, 50 callers',
      ours: reads.perTtl,
      target: 1.25,
      peers: pick(readsOfPeers, ({ perTtl }) => perTtl),
    },
  );

  const single = await rotations(stage, 'single', effort.rotations, effort.lanes);
  const peers = await ofPeers(effort, PEERS, kind =>
    rotations(stage, 'single', effort.peerRotations, 1, { kind, peers: effort.peers, rate: 50 }),
  );
  failed(
    `${effort.rotations} single-user rotations`,
    single,
    pick(peers, outcome => outcome.failed),
  );
  say({ figure: 'GetSecretValue per rotation, the TTL of 2 s included', ours: single.readsPerRotation });
  failed(
    `${effort.rotations} rotations of alternating users`,
    await rotations(stage, 'alternating', effort.rotations, effort.lanes),
  );

  failed(
    'a replica 2 s behind',
    await fault({ replicaLagMillis: 5_000 }, async application => {
      await application.rotateBehind(2_000);
      return 1;
    }),
  );
  stage.relay.set('stale');
  failed(
    'labels that are read 700 ms late, 5 rotations',
    await fault({}, async application => {
      for (let rotation = 0; rotation < 5; rotation++) await application.rotate(1_500);
      return 5;
    }),
  );
  for (const mode of ['refuses', 'hangs'] as const) {
    failed(
      `Secrets Manager ${mode} for 10 s`,
      await fault({}, async application => {
        stage.relay.set(mode);
        await pause(10_000);
        stage.relay.set('works');
        await application.rotate(500);
        return 1;
      }),
    );
  }
  if (!effort.quick) {
    failed(
      'a gap of 60 s',
      await fault({}, async application => {
        await application.rotate(60_000);
        return 1;
      }),
    );
  }

  for (const strategy of ['single', 'alternating'] as const) {
    for (const uses of [undefined, 10]) {
      const { all, withoutGap } = await p99Ratio(stage, strategy, effort.p99Rotations, uses);
      const what =
        'p99 around rotations over that of a bare pool, ' + `${strategy}${uses ? `, ${uses} uses per connection` : ''}`;
      say({ figure: what, ours: all, target: 1.2 });
      if (strategy === 'single') say({ figure: `${what}, without the gap`, ours: withoutGap, target: 1.2 });
    }
  }

  const waiters = await refusals(stage, 1, 100, 10, 5);
  say({
    figure: 'refused logins per rotation, 100 waiters, pool of 10',
    ours: Math.max(waiters.most, waiters.server),
    target: 10,
  });
  const fleet = await refusals(stage, 20, 5, 3, 2);
  say({ figure: 'refused logins per process and rotation, 20 processes, pools of 3', ours: fleet.most, target: 3 });
  if (!effort.quick) {
    say({
      figure: 'refused logins in a minute, after every version was',
      ours: await refusalsPerMinute(stage),
      target: 3,
    });
  }
  return rows;
}

/** The same of each peer; one that breaks is said and left out. */
async function ofPeers<T>(
  { peers }: Effort,
  kinds: readonly Kind[],
  take: (kind: Kind) => Promise<T>,
): Promise<Partial<Record<Kind, T>>> {
  const found: Partial<Record<Kind, T>> = {};
  for (const kind of peers ? kinds : []) {
    try {
      found[kind] = await take(kind);
    } catch (error) {
      console.error(`${kind} is left out:`, error);
    }
  }
  return found;
}

void main();
