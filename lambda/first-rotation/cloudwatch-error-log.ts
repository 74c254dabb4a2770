import type { ErrorLog, LoggedError } from './prove';
import type { Deadline } from '../ports/deadline';

/** The search starts this long before the function did, because a rotation may have started earlier. */
const LOOK_BACK_MS = 15 * 60_000;
/** CloudWatch may return empty pages before the last one. */
const MOST_PAGES = 50;
const CALL_TIMEOUT_MS = 10_000;

/** The errors that the rotation function has logged in its log group during this deployment. */
export class CloudWatchErrorLog implements ErrorLog {
  private readonly since = Date.now() - LOOK_BACK_MS;

  constructor(
    readonly name: string,
    private readonly deadline: Deadline,
  ) {}

  async lastError(secretArn: string): Promise<LoggedError | undefined> {
    // loaded only after a failure
    const { CloudWatchLogsClient, FilterLogEventsCommand } = await import('@aws-sdk/client-cloudwatch-logs');
    const client = new CloudWatchLogsClient({ maxAttempts: 4 });
    let last: LoggedError | undefined;
    let nextToken: string | undefined;
    let pages = 0;
    do {
      const answer = await client.send(
        new FilterLogEventsCommand({
          logGroupName: this.name,
          startTime: this.since,
          filterPattern: `{ ($.level = "ERROR") && ($.secretId = "${secretArn}") }`,
          nextToken,
        }),
        { abortSignal: AbortSignal.timeout(Math.min(CALL_TIMEOUT_MS, this.deadline.remaining())) },
      );
      for (const { message } of answer.events ?? []) last = parse(message) ?? last;
      nextToken = answer.nextToken;
    } while (nextToken && ++pages < MOST_PAGES);
    return last;
  }
}

/**
 * Parses a log line of this library. Other lines of the group are ignored, because their content is unknown and must
 * not be passed on.
 */
function parse(line: string | undefined): LoggedError | undefined {
  try {
    const { code, message } = JSON.parse(line ?? '') as Record<string, unknown>;
    return typeof code === 'string' && typeof message === 'string' ? { code, message } : undefined;
  } catch {
    return undefined;
  }
}
