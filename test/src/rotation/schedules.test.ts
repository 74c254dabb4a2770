import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import * as fc from 'fast-check';
import {
  RotationFunction,
  RotationPeriod,
  RotationSchedule,
  type RotationScheduleOptions,
  ScheduledRotation,
} from '../../../src';
import { isolatedVpc, resourcesOf } from '../support/stacks';

const { hours, days } = Duration;
const SCHEDULE = 'AWS::SecretsManager::RotationSchedule';

/** A stack with a rotation function, and what adds schedules to it. */
function newStack(name = 'Stack') {
  const stack = new Stack(new App(), name);
  const rotationFunction = new RotationFunction(stack, 'RotationFunction', {
    vpc: isolatedVpc(stack),
    furtherServers: ['db.example.com:5432'],
  });
  const schedule = (id: string, options: RotationScheduleOptions) =>
    new ScheduledRotation(stack, id, {
      ...options,
      rotationFunction,
      secret: secretsmanager.Secret.fromSecretNameV2(stack, `${id}Secret`, id),
    });
  return { stack, schedule };
}

/** The rules of these schedules, as they stand in one template. */
function rulesOf(schedules: RotationScheduleOptions[], name?: string): unknown[] {
  const { stack, schedule } = newStack(name);
  schedules.forEach((options, index) => schedule(`Rotation${index}`, options));
  return rulesIn(stack);
}

function rulesIn(stack: Stack): unknown[] {
  const schedules = Object.values(resourcesOf(Template.fromStack(stack))).filter(({ Type }) => Type === SCHEDULE);
  return schedules.map(({ Properties }) => Properties.RotationRules);
}

const expression = (ScheduleExpression: unknown, window?: unknown) => ({
  ScheduleExpression,
  ...(window !== undefined && { Duration: window }),
});

test.each<[string, RotationSchedule, object]>([
  ['every 7 days', RotationSchedule.every(days(7)), { AutomaticallyAfterDays: 7 }],
  ['every 6 hours', RotationSchedule.every(hours(6)), expression('rate(6 hours)')],
  ['at a rate of days', RotationSchedule.rate(days(10)), expression('rate(10 days)')],
  ['daily', RotationSchedule.rate(hours(24), { window: hours(24) }), expression('rate(1 day)', '24h')],
  [
    'at a rate with a window',
    RotationSchedule.rate(hours(12), { window: hours(12) }),
    expression('rate(12 hours)', '12h'),
  ],
  ['each night', RotationSchedule.cron({ hour: '3' }), expression('cron(0 3 * * ? *)')],
  [
    'on Sundays',
    RotationSchedule.cron({ hour: '22', weekDay: 'SUN', window: hours(2) }),
    expression('cron(0 22 ? * SUN *)', '2h'),
  ],
  [
    'on the last day of a quarter',
    RotationSchedule.cron({ day: 'L', month: '3/3' }),
    expression('cron(0 0 L 3/3 ? *)'),
  ],
  ['twice a day', RotationSchedule.cron({ hour: '4/12', window: hours(8) }), expression('cron(0 4/12 * * ? *)', '8h')],
  [
    'on the first Saturday',
    RotationSchedule.expression('cron(0 2 ? * 7#1 *)', { window: Duration.minutes(180) }),
    expression('cron(0 2 ? * 7#1 *)', '3h'),
  ],
  [
    'by a rate that is written out',
    RotationSchedule.expression('rate(10 days)', { window: hours(3) }),
    expression('rate(10 days)', '3h'),
  ],
  ["at 0 and 20 o'clock", RotationSchedule.cron({ hour: '0,20' }), expression('cron(0 0,20 * * ? *)')],
  [
    'late on one day of the month and early on it',
    RotationSchedule.cron({ hour: '1,23', day: '1' }),
    expression('cron(0 1,23 1 * ? *)'),
  ],
  ['of development', RotationSchedule.development(), { AutomaticallyAfterDays: 90 }],
  ['of staging', RotationSchedule.staging(), { AutomaticallyAfterDays: 30 }],
  ['of production', RotationSchedule.production(), { AutomaticallyAfterDays: 30 }],
  ['of production, weekly', RotationSchedule.production(days(7)), { AutomaticallyAfterDays: 7 }],
])('a schedule %s is written as Secrets Manager reads it', (_, when, rules) => {
  expect(rulesOf([{ when }])).toEqual([rules]);
});

test.each<[RotationScheduleOptions, string]>([
  [
    { when: RotationSchedule.every(hours(3)) },
    'Stack/Rotation0: the period of the schedule is 3 hours; Secrets Manager rotates after whole hours from 4',
  ],
  [{ when: RotationSchedule.every(days(1001)) }, 'or whole days up to 1000'],
  [{ when: RotationSchedule.rate(hours(2)) }, 'the interval of the schedule is 2 hours'],
  [{ when: RotationSchedule.rate(days(1000)) }, 'or whole days up to 999'],
  [
    { when: RotationSchedule.rate(hours(6), { window: hours(7) }) },
    "'window' is 7 hours and reaches the next window, which opens 6 hours later; shorten it",
  ],
  [
    { when: RotationSchedule.rate(days(2), { window: hours(25) }) },
    "from 0 o'clock UTC on it may last 24 hours at most",
  ],
  [
    { when: RotationSchedule.rate(days(2), { window: Duration.minutes(90) }) },
    "'window' is 1 hour 30 minutes and must be whole hours, from 1",
  ],
  [{ when: RotationSchedule.rate(days(2), { window: hours(0) }) }, 'must be whole hours, from 1'],
  [
    { when: RotationSchedule.cron({ hour: '22', window: hours(3) }) },
    "'window' is 3 hours, but from 22 o'clock UTC on it may last 2 hours at most",
  ],
  [
    { when: RotationSchedule.cron({ hour: '0/8', window: hours(9) }) },
    "from 16 o'clock UTC on it may last 8 hours at most",
  ],
  [
    { when: RotationSchedule.cron({ hour: '0,6', window: hours(7) }) },
    'reaches the next window, which opens 6 hours later',
  ],
  [
    { when: RotationSchedule.cron({ hour: '*/3' }) },
    "the schedule is 'cron(0 */3 * * ? *)'; it rotates 3 hours after it has rotated",
  ],
  [{ when: RotationSchedule.cron({ hour: '9-17' }) }, 'it rotates 1 hours after it has rotated'],
  [{ when: RotationSchedule.cron({ hour: '1,23' }) }, 'it rotates 2 hours after it has rotated'],
  [{ when: RotationSchedule.cron({ hour: '24' }) }, 'its hours are 24; write 0 to 23'],
  [
    { when: RotationSchedule.cron({ hour: '3', day: '1', weekDay: 'SUN' }) },
    "has a 'day' (1) and a 'weekDay' (SUN), of which Secrets Manager takes one",
  ],
  [{ when: RotationSchedule.expression('cron(30 3 * * ? *)') }, 'its minutes are 30 and must be 0'],
  [
    { when: RotationSchedule.expression('cron(0 3 1 * SUN *)') },
    'its day of the month is 1 and its day of the week SUN; Secrets Manager takes one of them',
  ],
  [{ when: RotationSchedule.expression('cron(0 3 ? * ? *)') }, 'takes one of them, the other is ?'],
  [{ when: RotationSchedule.expression('cron(0 3 * * ? 2027)') }, 'its year is 2027 and must be *'],
  [{ when: RotationSchedule.expression('0 3 * * *') }, 'write cron(minutes hours day-of-month month day-of-week year)'],
  [
    { when: RotationSchedule.production(days(60)) },
    'the schedule of production is every 60 days, and it is from 7 to 30 days',
  ],
  [{ when: RotationSchedule.production(days(6)) }, 'from 7 to 30 days'],
  [{ when: RotationSchedule.spread({ fromHour: 5, toHour: 5 }) }, "the schedule is spread from 5 to 5 o'clock"],
  [{ when: RotationSchedule.spread({ fromHour: 1.5 }) }, 'write whole hours of one UTC day'],
  [{ when: RotationSchedule.spread({ toHour: 25 }) }, "'fromHour' before 'toHour', up to 24"],
  [
    { when: RotationSchedule.staging(), automaticallyAfter: days(30) },
    "'automaticallyAfter' and 'when' are both set; leave one out",
  ],
])('a schedule of %j is refused with the place, the value and the way out', (options, message) => {
  expect(() => rulesOf([options])).toThrow(message);
});

test('values that only the deployment knows are not judged', () => {
  const { stack, schedule } = newStack();
  const number = new CfnParameter(stack, 'Number', { type: 'Number' }).valueAsNumber;
  const text = new CfnParameter(stack, 'Text').valueAsString;
  const window = hours(number);
  [
    RotationSchedule.every(days(number)),
    RotationSchedule.rate(days(number), { window }),
    RotationSchedule.cron({ hour: text, window }),
    RotationSchedule.expression(text, { window }),
    RotationSchedule.production(days(number)),
  ].forEach((when, index) => schedule(`Rotation${index}`, { when }));
  const join = (...parts: unknown[]) => ({ 'Fn::Join': ['', parts] });
  const length = join({ Ref: 'Number' }, 'h');
  expect(rulesIn(stack)).toEqual([
    { AutomaticallyAfterDays: { Ref: 'Number' } },
    expression(join('rate(', { Ref: 'Number' }, ' days)'), length),
    expression(join('cron(0 ', { Ref: 'Text' }, ' * * ? *)'), length),
    expression({ Ref: 'Text' }, length),
    { AutomaticallyAfterDays: { Ref: 'Number' } },
  ]);
});

test('without an immediate rotation, and without a proof of the first one, that is what the template says', () => {
  const { stack, schedule } = newStack();
  schedule('Later', { when: RotationSchedule.cron({ hour: '3' }), rotateImmediately: false });
  Template.fromStack(stack).hasResourceProperties(SCHEDULE, {
    RotateImmediatelyOnUpdate: false,
    RotationRules: { ScheduleExpression: 'cron(0 3 * * ? *)' },
  });
});

describe('spreading', () => {
  const spread = (options = {}) => ({ when: RotationSchedule.spread(options) });

  test('gives a construct path the same hour and day for ever', () => {
    // Another figure here moves the rotations of everybody's secrets.
    expect(rulesOf([spread(), spread(), spread({ period: RotationPeriod.WEEK, fromHour: 1, toHour: 5 })])).toEqual([
      expression('cron(0 22 7 * ? *)', '1h'),
      expression('cron(0 16 21 * ? *)', '1h'),
      expression('cron(0 4 ? * 2 *)', '1h'),
    ]);
  });

  test('does not ask what else there is in the app, and moves with the path', () => {
    const { stack, schedule } = newStack();
    schedule('Other', spread());
    schedule('Rotation0', spread());
    const [, second] = rulesIn(stack);
    expect([second]).toEqual(rulesOf([spread()]));
    expect(rulesOf([spread()], 'Elsewhere')).not.toEqual(rulesOf([spread()]));
  });

  test.each([
    [RotationPeriod.DAY, 1],
    [RotationPeriod.WEEK, 7],
    [RotationPeriod.MONTH, 28],
    [RotationPeriod.QUARTER, 84],
  ])('over a %s uses every one of its %i days, in whole hours of the window and no others', (period, days_) => {
    const when = RotationSchedule.spread({ period, fromHour: 20, toHour: 24 });
    const app = new App();
    const rules = Array.from({ length: 1_000 }, (_, index) => when._rules(new Construct(app, `Rotation${index}`)));
    const slots = rules.map(({ scheduleExpression }) => /^cron\(0 (\d+) (.*) \*\)$/.exec(scheduleExpression!)!);
    expect(new Set(slots.map(([, hour]) => hour))).toEqual(new Set(['20', '21', '22', '23']));
    expect(new Set(slots.map(([, , day]) => day)).size).toBe(days_);
    expect(new Set(rules.map(({ duration }) => duration))).toEqual(new Set(['1h']));
  });

  test('never writes what the guard of expressions refuses', () => {
    const hour = fc.integer({ min: 0, max: 23 });
    fc.assert(
      fc.property(hour, hour, fc.constantFrom(...Object.values(RotationPeriod)), fc.string(), (a, b, period, path) => {
        const scope = new Construct(new App(), `Path${path}`);
        const { scheduleExpression } = RotationSchedule.spread({
          period,
          fromHour: Math.min(a, b),
          toHour: Math.max(a, b) + 1,
        })._rules(scope);
        RotationSchedule.expression(scheduleExpression!, { window: hours(1) })._rules(scope);
      }),
    );
  });
});
