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

/** The rotation schedule of a secret. */
export interface RotationScheduleOptions {
  /**
   * Time between rotations: whole hours from 4, or whole days up to 1000. A short form of `when:
   * RotationSchedule.every(…)`; set only one of the two.
   * @default Duration.days(30)
   */
  readonly automaticallyAfter?: Duration;
  /**
   * Schedule of the rotations, as an alternative to `automaticallyAfter`: by the calendar, in a window, spread over a
   * fleet, or by environment.
   * @default - the schedule of `automaticallyAfter`
   */
  readonly when?: RotationSchedule;
  /**
   * Whether to rotate at once when a deployment creates or changes the schedule. If false, the first rotation follows
   * the schedule. Secrets Manager may still perform a rotation that was due before a change of a schedule in days or
   * with `rate`; with `cron` it does not.
   * @default true
   */
  readonly rotateImmediately?: boolean;
  /**
   * Whether the deployment that adds the schedule fails, with the error of the rotation function, if the first rotation
   * has not succeeded within the function's `firstRotationTimeout`. It has no effect if `rotateImmediately` is false.
   * @default true
   */
  readonly proveFirstRotation?: boolean;
}

/** Properties of a `ScheduledRotation`. */
export interface ScheduledRotationProps extends RotationScheduleOptions {
  /**
   * The secret to rotate, in AWS's JSON shape. For an admin secret, pass the one that is attached to its database,
   * which has host and port.
   */
  readonly secret: secretsmanager.ISecret;
  /** The function that rotates the secret. */
  readonly rotationFunction: RotationFunction;
  /**
   * The admin secret. For alternating users, it is required and must be the secret that `masterarn` names. For a single
   * user whose secret has it as a tag, the admin changes the password if the user may not change its own.
   * @default - single user: only the user itself changes its password
   */
  readonly adminSecret?: secretsmanager.ISecret;
}

/** Rotates a secret on a schedule, and grants the rotation function exactly the permissions for it. */
export class ScheduledRotation extends Construct {
  constructor(scope: Construct, id: string, props: ScheduledRotationProps) {
    super(scope, id);
    const { secret, adminSecret, rotationFunction } = props;
    checkNamesAdmin(this, secret, adminSecret);
    const access = SecretAccessPolicy.of(this, rotationFunction.role);
    access.allow(secret, ROTATE);
    if (adminSecret) access.allow(adminSecret, LOG_IN);
    // The L2 construct would add an invoke permission without a source account, and broader use of the key.
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
   * Makes the first rotation wait for these constructs, for example for the user in the database.
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
