import { Duration, Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, IDependable } from 'constructs';
import { FirstRotationProof } from './first-rotation-proof';
import { RotationFunction } from './rotation-function';
import { RotationSchedule } from './rotation-schedule';
import { SecretAccessPolicy } from '../function/secret-access-policy';
import { checkNamesAdmin } from '../private/admin-in-secret';
import { after } from '../private/after';
import { fail } from '../private/errors';
import { warnOfResourceLimit } from '../private/resource-limit';
import { LOG_IN, ROTATE } from '../private/secret-access';

/** When a secret is rotated. */
export interface RotationScheduleOptions {
  /**
   * Time between rotations: whole hours from 4, or whole days up to 1000. The short form of `when:
   * RotationSchedule.every(…)`.
   * @default Duration.days(30)
   */
  readonly automaticallyAfter?: Duration;
  /**
   * When a rotation happens, instead of `automaticallyAfter`: by the calendar, in a window, spread over a fleet, or as
   * is usual for an environment.
   * @default - as `automaticallyAfter` says
   */
  readonly when?: RotationSchedule;
  /**
   * Whether a deployment that creates or changes the schedule rotates at once. Without, the first rotation is the
   * scheduled one; after a change of a schedule in days or by `rate`, Secrets Manager may still do the one that was due
   * before, by `cron` it does not.
   * @default true
   */
  readonly rotateImmediately?: boolean;
  /**
   * Whether the deployment that begins to rotate the secret fails, with the error of the rotation function, when the
   * first rotation has not succeeded by the function's `firstRotationTimeout`. Without an immediate rotation there is
   * none to wait for.
   * @default true
   */
  readonly proveFirstRotation?: boolean;
}

/** Properties of a `ScheduledRotation`. */
export interface ScheduledRotationProps extends RotationScheduleOptions {
  /** The secret, in AWS's JSON shape: of the admin secret the attached one, with host and port. */
  readonly secret: secretsmanager.ISecret;
  /** The function that rotates it. */
  readonly rotationFunction: RotationFunction;
  /**
   * The admin secret. Alternating users need the one that `masterarn` in the secret points to. A single user whose
   * secret is bound to one by its tag is rotated by the admin where it may not change its own password.
   * @default - the secret is rotated by single user, by that user alone
   */
  readonly adminSecret?: secretsmanager.ISecret;
}

/** Rotates a secret on a schedule, and allows the rotation function exactly that. */
export class ScheduledRotation extends Construct {
  constructor(scope: Construct, id: string, props: ScheduledRotationProps) {
    super(scope, id);
    const { secret, adminSecret, rotationFunction } = props;
    checkNamesAdmin(this, secret, adminSecret);
    const access = SecretAccessPolicy.of(this, rotationFunction.role);
    access.allow(secret, ROTATE);
    if (adminSecret) access.allow(adminSecret, LOG_IN);
    // The L2 schedule would add an invoke permission without source account and a wider use of the key.
    const schedule = new secretsmanager.CfnRotationSchedule(this, 'Schedule', {
      secretId: secret.secretArn,
      rotationLambdaArn: rotationFunction.function.functionArn,
      rotationRules: scheduleOf(this, props)._rules(this),
      rotateImmediatelyOnUpdate: props.rotateImmediately ?? true,
    });
    after(schedule, [access, ...rotationFunction._prerequisites]);
    if ((props.rotateImmediately ?? true) && (props.proveFirstRotation ?? true)) {
      FirstRotationProof.of(this).expect(secret, rotationFunction, schedule);
    }
    warnOfResourceLimit(Stack.of(this));
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

function scheduleOf(scope: Construct, { automaticallyAfter, when }: RotationScheduleOptions): RotationSchedule {
  if (when && automaticallyAfter) fail(scope, "'automaticallyAfter' and 'when' are both set; leave one out");
  return when ?? RotationSchedule._after(automaticallyAfter ?? Duration.days(30));
}
