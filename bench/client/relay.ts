import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/**
 * What Secrets Manager does for readers. `stale`: for a while after each step of a rotation they still see what was
 * before it.
 */
export type Mode = 'works' | 'stale' | 'refuses' | 'hangs';

interface Answer {
  readonly status: number;
  readonly body: string;
}

const STALE_MILLIS = 700;
const STAGES = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'];

/** A relay before a Secrets Manager that speaks HTTP; what rotates does not go through it. */
export async function startRelay(target: string) {
  let mode: Mode = 'works';
  const reads = new Map<string, number>();
  const snapshots = new Map<string, { until: number; answers: Map<string, Answer> }>();

  async function ask(headers: Record<string, string>, body: string): Promise<Answer> {
    const answer = await fetch(target, { method: 'POST', headers, body });
    return { status: answer.status, body: await answer.text() };
  }
  const read = (SecretId: string, VersionStage: string) =>
    ask(
      { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' },
      JSON.stringify({ SecretId, VersionStage }),
    );

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(message);
    const { SecretId, VersionStage = 'AWSCURRENT' } = JSON.parse(body) as { SecretId: string; VersionStage?: string };
    reads.set(SecretId, (reads.get(SecretId) ?? 0) + 1);
    if (mode === 'hangs') return;
    if (mode === 'refuses') return void message.socket.destroy();
    const snapshot = snapshots.get(SecretId);
    const isStale = mode === 'stale' && snapshot && performance.now() < snapshot.until;
    const answer = isStale ? snapshot.answers.get(VersionStage)! : await read(SecretId, VersionStage);
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' }).end(answer.body);
  }

  const server = createServer((message, response) => {
    serve(message, response).catch(() => response.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reads,
    set(next: Mode) {
      if (mode === 'hangs') server.closeAllConnections();
      mode = next;
    },
    /** What readers see for a while, if they are to see stale values: the state of now. */
    async snapshot(secretId: string) {
      if (mode !== 'stale') return;
      const answers = new Map<string, Answer>();
      for (const stage of STAGES) answers.set(stage, await read(secretId, stage));
      snapshots.set(secretId, { until: performance.now() + STALE_MILLIS, answers });
    },
    async stop() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}
