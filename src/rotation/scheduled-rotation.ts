import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, IDependable } from 'constructs';
import { RotationFunction } from './rotation-function';
import { fail } from '../private/errors';
import { LOG_IN, ROTATE, statements } from '../private/secret-access';
import { after } from '../private/vpc-function';

/** When a secret is rotated. */
export interface RotationScheduleOptions {
  /**
   * Time between rotations: whole hours from 4, or whole days up to 1000.
   * @default Duration.days(30)
   */
  readonly automaticallyAfter?: Duration;
  /**
   * Whether a deployment that creates or changes the schedule rotates at once. Without, the first rotation is the scheduled one.
   * @default true
   */
  readonly rotateImmediately?: boolean;
}

/** Properties of a `ScheduledRotation`. */
export interface ScheduledRotationProps extends RotationScheduleOptions {
  /** The secret, in AWS's JSON shape: of the admin secret the attached one, with host and port. */
  readonly secret: secretsmanager.ISecret;
  /** The function that rotates it. */
  readonly rotationFunction: RotationFunction;
  /**
   * The admin secret. Alternating users need the one that `masterarn` in the secret points to. A single user whose secret is bound to
   * one by its tag is rotated by the admin where it may not change its own password.
   * @default - the secret is rotated by single user, by that user alone
   */
  readonly adminSecret?: secretsmanager.ISecret;
}

/** Rotates a secret on a schedule, and allows the rotation function exactly that. */
export class ScheduledRotation extends Construct {
  constructor(scope: Construct, id: string, props: ScheduledRotationProps) {
    super(scope, id);
    // In the secret's stack rather than in the function's role: a shared function must not come to depend on each secret.
    const policy = new iam.Policy(this, 'Policy', {
      roles: [props.rotationFunction.role],
      statements: [...statements(props.secret, ROTATE), ...props.adminSecret ? statements(props.adminSecret, LOG_IN) : []],
    });
    // The L2 schedule would add an invoke permission without source account and a wider use of the key.
    const schedule = new secretsmanager.CfnRotationSchedule(this, 'Schedule', {
      secretId: props.secret.secretArn,
      rotationLambdaArn: props.rotationFunction.function.functionArn,
      rotationRules: rules(this, props.automaticallyAfter ?? Duration.days(30)),
      rotateImmediatelyOnUpdate: props.rotateImmediately ?? true,
    });
    after(schedule, [policy, ...props.rotationFunction._prerequisites]);
  }

  /**
   * Makes the first rotation wait for these, for example for the user in the database.
   *
   * @internal
   */
  public _after(...prerequisites: IDependable[]): void {
    after(this.node.findChild('Schedule'), prerequisites);
  }
}

function rules(scope: Construct, period: Duration): secretsmanager.CfnRotationSchedule.RotationRulesProperty {
  if (period.isUnresolved()) return { automaticallyAfterDays: period.toDays() };
  const hours = period.toHours({ integral: false });
  const wholeDays = hours % 24 === 0;
  if (hours < 4 || hours > 24 * 1000 || (!wholeDays && !Number.isInteger(hours))) {
    fail(scope, `'automaticallyAfter' is ${period.toHumanString()}; Secrets Manager rotates after whole hours from 4, or whole days up to 1000`);
  }
  return wholeDays ? { automaticallyAfterDays: hours / 24 } : { scheduleExpression: `rate(${hours} hours)` };
}
