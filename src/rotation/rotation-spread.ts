import { createHash } from 'crypto';
import { Token } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';
import { fail } from '../private/errors';

/** How often `RotationSchedule.spread` rotates each secret. */
export enum RotationPeriod {
  /** Every day. */
  DAY = 'DAY',
  /** Every week. Each secret has its own day. */
  WEEK = 'WEEK',
  /** Every month. Each secret has its own day from the 1st to the 28th, which every month has. */
  MONTH = 'MONTH',
  /** Every three months. Each secret has its own month and day. */
  QUARTER = 'QUARTER',
}

/** Options of `RotationSchedule.spread`. */
export interface RotationSpreadOptions {
  /**
   * How often each secret is rotated.
   * @default RotationPeriod.MONTH
   */
  readonly period?: RotationPeriod;
  /**
   * First hour of the UTC day in which a rotation window may open, 0 to 23.
   * @default 0
   */
  readonly fromHour?: number;
  /**
   * Hour of the UTC day by which the last rotation window has closed, 1 to 24 and greater than `fromHour`.
   * @default 24
   */
  readonly toHour?: number;
}

/** The days of a period, as cron fields from the day of the month on. */
const DAYS: Record<RotationPeriod, { readonly count: number; readonly fields: (day: number) => string }> = {
  DAY: { count: 1, fields: () => '* * ?' },
  WEEK: { count: 7, fields: day => `? * ${day + 1}` },
  MONTH: { count: 28, fields: day => `${day + 1} * ?` },
  QUARTER: { count: 84, fields: day => `${(day % 28) + 1} ${Math.floor(day / 28) + 1}/3 ?` },
};

/**
 * The slot of this construct among all hours of all days of the period, from a hash of its path. A change of this
 * function would move the rotations of all deployed secrets.
 */
export function spread(
  scope: IConstruct,
  options: RotationSpreadOptions,
): secretsmanager.CfnRotationSchedule.RotationRulesProperty {
  const { period = RotationPeriod.MONTH, fromHour = 0, toHour = 24 } = options;
  if (Token.isUnresolved(fromHour) || Token.isUnresolved(toHour)) {
    fail(
      scope,
      "'fromHour' and 'toHour' of the schedule are tokens, but the hour of each secret is chosen at " +
        'synthesis; write literals',
    );
  }
  const whole = Number.isInteger(fromHour) && Number.isInteger(toHour);
  if (!whole || fromHour < 0 || fromHour >= toHour || toHour > 24) {
    fail(
      scope,
      `the schedule is spread from ${fromHour} to ${toHour} o'clock; write whole hours of one UTC day, ` +
        "'fromHour' before 'toHour', up to 24",
    );
  }
  const { count, fields } = DAYS[period];
  const hash = createHash('sha256').update(scope.node.path).digest().readUInt32BE(0);
  const slot = hash % (count * (toHour - fromHour));
  const hour = fromHour + Math.floor(slot / count);
  return { scheduleExpression: `cron(0 ${hour} ${fields(slot % count)} *)`, duration: '1h' };
}
