import { Token } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { fail } from '../private/errors';

/** The known rotation windows of a schedule, in hours of the UTC day. */
export interface Windows {
  readonly opens: readonly number[];
  /** The minimum number of hours from one opening to the next. */
  readonly reopensAfter: number;
}

/**
 * Checks an expression against the rules of Secrets Manager, as far as it is known at synthesis.
 *
 * @returns the windows of a cron expression; undefined if they are unknown
 */
export function checkCron(scope: IConstruct, text: string, leastHours: number): Windows | undefined {
  if (Token.isUnresolved(text) || /^rate\(\d+ (hours?|days?)\)$/.test(text)) return undefined;
  const [, inner] = /^cron\((.*)\)$/.exec(text) ?? [];
  const fields = inner?.trim().split(/\s+/) ?? [];
  const refuse = (why: string) => fail(scope, `the schedule is '${text}'; ${why}`);
  if (fields.length !== 6) {
    return refuse(
      'write cron(minutes hours day-of-month month day-of-week year), as in cron(0 3 ? * SUN *), or rate(10 days)',
    );
  }
  const [minutes, hours, day, month, weekDay, year] = fields;
  if (minutes !== '0') {
    return refuse(`its minutes are ${minutes} and must be 0: Secrets Manager's windows open on the hour`);
  }
  if (year !== '*') return refuse(`its year is ${year} and must be *`);
  if ((day === '?') === (weekDay === '?')) {
    return refuse(
      `its day of the month is ${day} and its day of the week ${weekDay}; Secrets Manager takes one of ` +
        'them, the other is ?',
    );
  }
  if (month === '?') return refuse('its month is ?, which is for days only; write * for every month');
  const opens = hoursOf(hours);
  if (!opens) return refuse(`its hours are ${hours}; write 0 to 23, or a first hour and an increment, as in 0/12`);
  // The interval over midnight counts only if the schedule can match two consecutive days.
  const overnight = isOneADay(day) || isOneADay(weekDay) ? [] : [opens[0] + 24 - opens[opens.length - 1]];
  const reopensAfter = Math.min(24, ...opens.slice(1).map((hour, index) => hour - opens[index]), ...overnight);
  if (reopensAfter < leastHours) {
    return refuse(
      `it rotates ${reopensAfter} hours after it has rotated, and Secrets Manager does so after ` +
        `${leastHours} at the earliest`,
    );
  }
  return { opens, reopensAfter };
}

/** Whether a day field names a single day, so that it never matches two consecutive days. */
function isOneADay(field: string): boolean {
  return /^(\d+|[A-Z]{3}|L|\d*L|\w+#\d)$/.test(field);
}

/** The hours of a field, in order; undefined if it is malformed. */
function hoursOf(field: string): number[] | undefined {
  const parts = field.split(',').map(part => /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part));
  const hours = new Set<number>();
  for (const part of parts) {
    if (!part) return undefined;
    const [, from, to, increment] = part;
    const first = Number(from ?? 0);
    const last = to !== undefined ? Number(to) : from === undefined || increment !== undefined ? 23 : first;
    const step = Number(increment ?? 1);
    if (first > 23 || last > 23 || first > last || step === 0) return undefined;
    for (let hour = first; hour <= last; hour += step) hours.add(hour);
  }
  return [...hours].sort((a, b) => a - b);
}
