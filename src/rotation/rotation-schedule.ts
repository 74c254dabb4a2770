import { Duration, Tokenization } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';
import { checkCron, Windows } from './cron';
import { RotationSpreadOptions, spread } from './rotation-spread';
import { fail } from '../private/errors';

/** Secrets Manager's limits for AutomaticallyAfterDays, for a rate in days, and for the time between two rotations. */
const MOST_DAYS = 1000;
const MOST_DAYS_OF_RATE = 999;
const LEAST_HOURS = 4;

/** The window in which Secrets Manager rotates a secret. */
export interface RotationWindowOptions {
  /**
   * Length of the rotation window in whole hours, at least 1. Secrets Manager rotates at some time within the window.
   * The window must end before the next window opens, and at the latest with the UTC day.
   * @default - until the end of the UTC day; one hour if the schedule is in hours
   */
  readonly window?: Duration;
}

/**
 * Fields of a cron expression of Secrets Manager, in UTC, for the time at which the rotation window opens. It always
 * opens on the hour.
 */
export interface RotationCronOptions extends RotationWindowOptions {
  /**
   * Hour, 0 to 23, or several hours at least 4 hours apart: `'3'`, `'0/12'`.
   * @default '0'
   */
  readonly hour?: string;
  /**
   * Day of the month: `'1'`, `'1,15'`, or `'L'` for the last day. Cannot be combined with `weekDay`.
   * @default - every day, or the days of `weekDay`
   */
  readonly day?: string;
  /**
   * Month: `'1'`, `'JAN,APR,JUL,OCT'`, or `'1/3'` for every third month.
   * @default - every month
   */
  readonly month?: string;
  /**
   * Day of the week: `'SUN'`, `'MON-FRI'`, or `'7#1'` for the first Saturday of the month. Cannot be combined with
   * `day`.
   * @default - every day, or the days of `day`
   */
  readonly weekDay?: string;
}

type Rules = secretsmanager.CfnRotationSchedule.RotationRulesProperty;

/**
 * A rotation schedule. It is checked when it is used, so that an error names the construct. Tokens are not checked.
 *
 * Secrets Manager counts a manual change of the secret as a rotation. After a schedule of `every` or `rate` was
 * changed, a rotation that was due by the old schedule may still happen; with `cron`, `expression` (of cron form) and
 * `spread` it does not.
 */
export class RotationSchedule {
  /**
   * Rotates when this period has passed since the last rotation: whole hours from 4, or whole days up to 1000. A period
   * that is not in whole days is the same as `rate`.
   */
  public static every(period: Duration): RotationSchedule {
    return new RotationSchedule(scope => after(scope, period, 'the period of the schedule'));
  }

  /** Rotates at this interval, in a window that opens at midnight UTC: whole hours from 4, or whole days up to 999. */
  public static rate(interval: Duration, options: RotationWindowOptions = {}): RotationSchedule {
    return new RotationSchedule(scope => rate(scope, interval, options.window));
  }

  /**
   * Rotates by the calendar. For example, `{ hour: '3', weekDay: 'SUN', window: Duration.hours(2) }` rotates on Sundays
   * between 3:00 and 5:00 UTC.
   */
  public static cron(options: RotationCronOptions): RotationSchedule {
    const { hour = '0', day, month = '*', weekDay, window } = options;
    return new RotationSchedule(scope => {
      if (day !== undefined && weekDay !== undefined) {
        fail(
          scope,
          `the schedule has a 'day' (${day}) and a 'weekDay' (${weekDay}), of which Secrets Manager takes ` +
            'one; leave one out',
        );
      }
      const days = weekDay === undefined ? { day: day ?? '*', weekDay: '?' } : { day: '?', weekDay };
      return expression(scope, `cron(0 ${hour} ${days.day} ${month} ${days.weekDay} *)`, window);
    });
  }

  /**
   * Rotates by an expression of Secrets Manager: `cron(0 3 ? * SUN *)` or `rate(10 days)`. The fields of a cron
   * expression are minutes (always 0), hours, day of the month, month, day of the week and year (always `*`). One of
   * the two day fields must be `?`.
   */
  public static expression(text: string, options: RotationWindowOptions = {}): RotationSchedule {
    return new RotationSchedule(scope => expression(scope, text, options.window));
  }

  /**
   * Rotates each secret at its own hour and day, so that the secrets of a fleet are not rotated all at once.
   *
   * The hour and day are a hash of the construct path. The same path has the same time at each synthesis, in each
   * stack, account and Region; a construct that is moved to another path gets another time. Times are UTC. Each window
   * is one hour long and opens on the hour, and Secrets Manager chooses the minute.
   */
  public static spread(options: RotationSpreadOptions = {}): RotationSchedule {
    return new RotationSchedule(scope => spread(scope, options));
  }

  /** The schedule for development environments: every 90 days. */
  public static development(): RotationSchedule {
    return RotationSchedule.every(Duration.days(90));
  }

  /** The schedule for staging environments: every 30 days. */
  public static staging(): RotationSchedule {
    return RotationSchedule.every(Duration.days(30));
  }

  /**
   * The schedule for production environments: every 7 to 30 days.
   *
   * @param period time between rotations, 7 to 30 days; 30 days by default
   */
  public static production(period: Duration = Duration.days(30)): RotationSchedule {
    return new RotationSchedule(scope => {
      if (
        !period.isUnresolved() &&
        (period.toDays({ integral: false }) < 7 || period.toDays({ integral: false }) > 30)
      ) {
        fail(
          scope,
          `the schedule of production is every ${period.toHumanString()}, and it is from 7 to 30 days; choose ` +
            'such a period,' +
            ' or RotationSchedule.every(…) for any other',
        );
      }
      return after(scope, period, 'the period of the schedule');
    });
  }

  /**
   * The schedule of `automaticallyAfter`.
   *
   * @internal
   */
  public static _after(period: Duration): RotationSchedule {
    return new RotationSchedule(scope => after(scope, period, "'automaticallyAfter'"));
  }

  private constructor(private readonly rules: (scope: IConstruct) => Rules) {}

  /**
   * The schedule as CloudFormation properties.
   *
   * @internal
   * @param scope the construct of the schedule, whose path determines the time of `spread`
   * @throws with the path of the construct, if Secrets Manager would refuse the schedule
   */
  public _rules(scope: IConstruct): Rules {
    return this.rules(scope);
  }
}

function after(scope: IConstruct, period: Duration, name: string): Rules {
  if (period.isUnresolved()) return { automaticallyAfterDays: period.toDays() };
  const hours = wholeHours(scope, period, name, MOST_DAYS);
  return hours % 24 === 0 ? { automaticallyAfterDays: hours / 24 } : { scheduleExpression: `rate(${hours} hours)` };
}

function rate(scope: IConstruct, interval: Duration, window?: Duration): Rules {
  if (interval.isUnresolved()) {
    return {
      scheduleExpression: `rate(${Tokenization.stringifyNumber(interval.toDays())} days)`,
      duration: duration(scope, window),
    };
  }
  const hours = wholeHours(scope, interval, 'the interval of the schedule', MOST_DAYS_OF_RATE);
  const unit = hours % 24 === 0 ? { count: hours / 24, name: 'day' } : { count: hours, name: 'hour' };
  return {
    scheduleExpression: `rate(${unit.count} ${unit.name}${unit.count === 1 ? '' : 's'})`,
    duration: duration(scope, window, { opens: [0], reopensAfter: hours }),
  };
}

function wholeHours(scope: IConstruct, period: Duration, name: string, mostDays: number): number {
  const hours = period.toHours({ integral: false });
  if (hours < LEAST_HOURS || hours > 24 * mostDays || (hours % 24 !== 0 && !Number.isInteger(hours))) {
    fail(
      scope,
      `${name} is ${period.toHumanString()}; Secrets Manager rotates after whole hours from ` +
        `${LEAST_HOURS}, or whole days up to ${mostDays}`,
    );
  }
  return hours;
}

function expression(scope: IConstruct, text: string, window?: Duration): Rules {
  return { scheduleExpression: text, duration: duration(scope, window, checkCron(scope, text, LEAST_HOURS)) };
}

/**
 * The length of a window in the format of Secrets Manager, checked against its limits as far as the openings are known.
 */
function duration(scope: IConstruct, window: Duration | undefined, known?: Windows): string | undefined {
  if (window === undefined) return undefined;
  if (window.isUnresolved()) return `${Tokenization.stringifyNumber(window.toHours())}h`;
  const hours = window.toHours({ integral: false });
  const text = `'window' is ${window.toHumanString()}`;
  if (!Number.isInteger(hours) || hours < 1) fail(scope, `${text} and must be whole hours, from 1`);
  const latest = Math.max(0, ...(known?.opens ?? []));
  if (latest + hours > 24) {
    fail(
      scope,
      `${text}, but from ${latest} o'clock UTC on it may last ${24 - latest} hours at most: Secrets ` +
        "Manager's windows end with the UTC day",
    );
  }
  if (known && hours > known.reopensAfter) {
    fail(
      scope,
      `${text} and reaches the next window, which opens ${known.reopensAfter} hours later; shorten it to at most that`,
    );
  }
  return `${hours}h`;
}
