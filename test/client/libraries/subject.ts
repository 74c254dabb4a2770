import { once } from 'node:events';
import type { Example } from '../../../examples/client/example.js' with { 'resolution-mode': 'import' };

/** What an example is to do: this many times at once, each in a transaction or not. */
export interface Order {
  readonly times: number;
  readonly texts: readonly string[];
  readonly transaction: boolean;
}

export type Answer = { readonly results: unknown[] } | { readonly error: string };

/**
 * Runs one example in this process, which is an application's: it has the package as npm installed it, and the
 * environment.
 */
async function main(file: string): Promise<void> {
  const { example } = (await import(file)) as { example: Example };
  process.send!('ready');
  for (;;) {
    const [order] = (await once(process, 'message')) as [Order | 'close'];
    if (order === 'close') break;
    process.send!(await fulfil(example, order));
  }
  await example.close();
  process.disconnect();
}

async function fulfil(example: Example, { times, texts, transaction }: Order): Promise<Answer> {
  try {
    const one = async () => (transaction ? example.transaction(...texts) : example.query(texts[0]));
    return { results: await Promise.all(Array.from({ length: times }, one)) };
  } catch (error) {
    return { error: String(error instanceof Error ? error.stack : error) };
  }
}

process.once('disconnect', () => process.exit());
void main(process.argv[2]);
