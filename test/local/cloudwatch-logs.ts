import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

interface FilterLogEvents {
  readonly logGroupName: string;
  readonly filterPattern: string;
  readonly startTime: number;
  readonly nextToken?: string;
}

/** As much of CloudWatch Logs as a function needs that looks for its peers' errors. */
export interface LocalCloudWatchLogs {
  /** What the SDK needs in the environment of a process to come here. */
  readonly environment: Record<string, string>;
  /** Every FilterLogEvents, in order. */
  readonly requests: FilterLogEvents[];
  /** Type of the error that is the answer from now on. */
  refuse?: string;
  stop(): Promise<void>;
}

/**
 * Starts it. It finds lines of JSON whose fields are what the pattern says, and answers one line per page, behind an
 * empty first page.
 *
 * @param lines what is in a log group, oldest first
 */
export async function startCloudWatchLogs(lines: (logGroup: string) => string[]): Promise<LocalCloudWatchLogs> {
  const server = createServer((message, response) => {
    void json(message).then(body => {
      const { status, answer } = perform(String(message.headers['x-amz-target']), body as FilterLogEvents);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));

  function perform(target: string, request: FilterLogEvents) {
    local.requests.push(request);
    const type = target === 'Logs_20140328.FilterLogEvents' ? local.refuse : 'UnknownOperationException';
    if (type) return { status: 400, answer: { __type: type, message: `${target} was refused` } };
    const wanted = [...request.filterPattern.matchAll(/\(\$\.(\w+) = "([^"]*)"\)/g)];
    if (wanted.length === 0) throw new Error(`no pattern that is understood here: ${request.filterPattern}`);
    const found = lines(request.logGroupName).filter(line =>
      wanted.every(([, field, value]) => fieldOf(line, field) === value),
    );
    const page = Number(request.nextToken ?? 0);
    const events = page === 0 ? [] : found.slice(page - 1, page).map(message => ({ message }));
    return { status: 200, answer: { events, nextToken: page < found.length ? String(page + 1) : undefined } };
  }

  const local: LocalCloudWatchLogs = {
    environment: { AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    requests: [],
    async stop() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
  return local;
}

function fieldOf(line: string, field: string): unknown {
  try {
    return (JSON.parse(line) as Record<string, unknown>)[field];
  } catch {
    return undefined;
  }
}
