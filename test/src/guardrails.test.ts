import { App, CfnParameter, SecretValue, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { isolatedVpc } from './support/stacks';
import { RotatingPostgres, ScheduledRotation } from '../../src';

type Props = Partial<secretsmanager.SecretProps>;

describe('a secret that is rotated with the help of an admin', () => {
  const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:admin-AbCdEf';
  const generated = (value: object | string): Props => ({
    generateSecretString: {
      generateStringKey: 'password',
      secretStringTemplate: typeof value === 'string' ? value : JSON.stringify(value),
    },
  });

  /** A rotation of the user's own secret, by the function of an instance. */
  function rotate(
    secretOf: (stack: Stack, db: RotatingPostgres) => secretsmanager.ISecret,
    withAdmin = true,
  ): Template {
    const stack = new Stack(new App(), 'Stack');
    const db = new RotatingPostgres(stack, 'Orders', { vpc: isolatedVpc(stack) });
    new ScheduledRotation(stack, 'Rotation', {
      secret: secretOf(stack, db),
      rotationFunction: db.rotationFunction,
      adminSecret: withAdmin ? db.adminSecret : undefined,
    });
    return Template.fromStack(stack);
  }
  const made = (props: Props) => (stack: Stack) => new secretsmanager.Secret(stack, 'Made', props);
  const lacking =
    "Stack/Rotation: 'adminSecret' is for alternating users, and the value of 'secret' (Stack/Made) has " +
    'no "masterarn"';

  test('must name it: what the template writes without it is refused', () => {
    expect(() => rotate(made(generated({ username: 'app', host: 'db.example.com' })))).toThrow(lacking);
    expect(() => rotate(made({ secretObjectValue: { username: SecretValue.unsafePlainText('app') } }))).toThrow(
      lacking,
    );
  });

  test('must name it also when it is attached to its database', () => {
    expect(() =>
      rotate(stack =>
        new secretsmanager.Secret(stack, 'Made', generated({ username: 'app' })).attach({
          asSecretAttachmentTarget: () => ({
            targetId: 'db-1',
            targetType: secretsmanager.AttachmentTargetType.RDS_DB_INSTANCE,
          }),
        }),
      ),
    ).toThrow('has no "masterarn"');
  });

  test.each<[string, (stack: Stack, db: RotatingPostgres) => secretsmanager.ISecret]>([
    ['that names one', made(generated({ username: 'app', masterarn: arn }))],
    [
      'that names the one of this app',
      (stack, db) =>
        made(generated(stack.toJsonString({ username: 'app', masterarn: db.adminSecret.secretArn })))(stack),
    ],
    ['whose value begins as no JSON', made(generated('nothing'))],
    [
      'whose value only the deployment knows',
      stack =>
        made({ secretStringValue: SecretValue.cfnParameter(new CfnParameter(stack, 'Value', { noEcho: true })) })(
          stack,
        ),
    ],
    ['that is imported', stack => secretsmanager.Secret.fromSecretCompleteArn(stack, 'Made', arn)],
    ['of a DatabaseUser, which completes it', (_, db) => db.addUser('reports').secret],
  ])('is accepted %s', (_, secretOf) => {
    expect(() => rotate(secretOf)).not.toThrow();
  });

  test('need not name one for a single user', () => {
    expect(() => rotate(made(generated({ username: 'app' })), false)).not.toThrow();
  });
});
