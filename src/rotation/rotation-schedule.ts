import { Duration, Tokenization } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';
import { checkCron, Windows } from './cron';
import { RotationSpreadOptions, spread } from './rotation-spread';
import { fail } from '../private/errors';

/** Secrets Manager's limits of AutomaticallyAfterDays, of a rate in days, and between two rotations. */
const MOST_DAYS = 1000;
const MOST_DAYS_OF_RATE = 999;
const LEAST_HOURS = 4;

/** The part of the UTC day in which Secrets Manager rotates. */
export interface RotationWindowOptions {
  /**
   * Length of the rotation window in whole hours, from 1. Secrets Manager rotates at some time within it. It may reach
   * neither the next window nor the next UTC day.
   * @default - to the end of the UTC day; one hour where the schedule is in hours
   */
  readonly window?: Duration;
}

/** When a rotation window opens, as Secrets Manager's cron expressions say it, in UTC. It opens on the hour. */
export interface RotationCronOptions extends RotationWindowOptions {
  /**
   * Hour, from 0 to 23, or several at least 4 hours apart: `3`, `0/12`.
   * @default '0'
   */
  readonly hour?: string;
  /**
   * Day of the month: `1`, `1,15`, `L` for the last one. Excludes `weekDay`.
   * @default - every day, or as `weekDay` says
   */
  readonly day?: string;
  /**
   * Month: `1`, `JAN,APR,JUL,OCT`, or `1/3` for every third.
   * @default - every month
   */
  readonly month?: string;
  /**
   * Day of the week: `SUN`, `MON-FRI`, `7#1` for the first Saturday of the month. Excludes `day`.
   * @default - every day, or as `day` says
   */
  readonly weekDay?: string;
}

type Rules = secretsmanager.CfnRotationSchedule.RotationRulesProperty;

/**
 * When a secret is rotated. Mistakes are errors once it is used, where the construct is known that they are about; what
 * is a token is passed on as it is.
 *
 * A manual change of the secret counts as a rotation. After a change of a schedule of `every` or `rate` a rotation that
 * was due by the old one may still happen; schedules of `cron`, `expression` and `spread` are free of that.
 */
export class RotationSchedule {
  /**
   * So long after the last rotation: whole hours from 4, or whole days up to 1000; in hours it is the same as `rate`.
   */
  public static every(period: Duration): RotationSchedule {
    return new RotationSchedule(scope => after(scope, period, 'the period of the schedule'));
  }

  /** At an interval, in a window that opens at midnight UTC: whole hours from 4, or whole days up to 999. */
  public static rate(interval: Duration, options: RotationWindowOptions = {}): RotationSchedule {
    return new RotationSchedule(scope => rate(scope, interval, options.window));
  }

  /**
   * By the calendar: `{ hour: '3', weekDay: 'SUN', window: Duration.hours(2) }` is on Sundays from 3 to 5 o'clock UTC.
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
   * By an expression of Secrets Manager: `cron(0 3 ? * SUN *)` or `rate(10 days)`. Its fields are minutes, which are 0,
   * hours, day of the month, month, day of the week and year, which is `*`; one of the two days is `?`.
   */
  public static expression(text: string, options: RotationWindowOptions = {}): RotationSchedule {
    return new RotationSchedule(scope => expression(scope, text, options.window));
  }

  /**
   * Each secret at an hour and a day of its own, so that the secrets of a fleet do not rotate all at once. The
   * construct path chooses them: the same path has the same hour and day at each synthesis, in each stack, account and
   * Region, whatever else the app has; a construct that moves to another path moves to another time. In UTC, by windows
   * of one hour: windows open on the hour, and Secrets Manager chooses the minute.
   */
  public static spread(options: RotationSpreadOptions = {}): RotationSchedule {
    return new RotationSchedule(scope => spread(scope, options));
  }

  /** For environments of developers: every 90 days. */
  public static development(): RotationSchedule {
    return RotationSchedule.every(Duration.days(90));
  }

  /** For an environment of tests before production: every 30 days. */
  public static staging(): RotationSchedule {
    return RotationSchedule.every(Duration.days(30));
  }

  /**
   * For production: from every 7 to every 30 days.
   * @param period every 30 days by default
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
   * What `automaticallyAfter` says.
   *
   * @internal
   */
  public static _after(period: Duration): RotationSchedule {
    return new RotationSchedule(scope => after(scope, period, "'automaticallyAfter'"));
  }

  private constructor(private readonly rules: (scope: IConstruct) => Rules) {}

  /**
   * The schedule as CloudFormation reads it.
   *
   * @internal
   * @param scope the schedule's construct, whose path `spread` goes by
   * @throws with its path, where Secrets Manager would refuse the schedule
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

/** The length of a window as Secrets Manager writes it, held to its limits as far as its openings are known. */
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
