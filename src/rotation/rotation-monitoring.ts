import { Duration, Lazy, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Construct, IConstruct } from 'constructs';
import { RotationFunction } from './rotation-function';
import { acknowledge, compliance } from '../private/acknowledge';
import { deployedLength } from '../private/deployed-length';
import { runbook } from '../private/runbook';

/** Characters of ARNs in an event pattern, which has 2,048 at most, with the rest of it. */
const ROOM_FOR_SECRETS = 1_600;

/** Properties of a `RotationMonitoring`. */
export interface RotationMonitoringProps {
  /** The function whose errors are watched. */
  readonly rotationFunction: RotationFunction;
  /** The secrets whose rotation is watched; `addSecret` adds others. */
  readonly secrets: secretsmanager.ISecret[];
  /**
   * Topic that is told. Its policy is extended when it belongs to this app.
   * @default - a new one, for TLS connections only
   */
  readonly topic?: sns.ITopic;
}

/** Tells people when a rotation goes wrong, and where to read what to do. */
export class RotationMonitoring extends Construct {
  /** Topic that is told; subscribe to it. */
  public readonly topic: sns.ITopic;
  /** The rotation function ended in an error. */
  public readonly functionErrors: cloudwatch.Alarm;
  /** Secrets Manager gave up a rotation. */
  public readonly failedRotations: cloudwatch.Alarm;
  /** What the latest rule is about. */
  private secrets: secretsmanager.ISecret[] = [];
  private rules = 0;

  constructor(scope: Construct, id: string, props: RotationMonitoringProps) {
    super(scope, id);
    this.topic = props.topic ?? this.makeTopic();
    allowPublishing(this.topic, this);

    this.functionErrors = this.alarm(
      'FunctionErrors',
      props.rotationFunction.function.metricErrors({ period: Duration.minutes(5) }),
      'A step of a credential rotation ended in an error; Secrets Manager tries again. ' +
        `${runbook('rotation-function-errors')}`,
    );

    this.failedRotations = this.watchSecrets();
    props.secrets.forEach(secret => this.addSecret(secret));
  }

  /**
   * Watches one more secret. After about a dozen of them, which is what a rule of EventBridge has room for, there is
   * one more rule and alarm.
   */
  public addSecret(secret: secretsmanager.ISecret): void {
    const length = [...this.secrets, secret].reduce((sum, { secretArn }) => sum + deployedLength(secretArn), 0);
    if (this.secrets.length > 0 && length > ROOM_FOR_SECRETS) this.watchSecrets();
    this.secrets.push(secret);
  }

  private makeTopic(): sns.Topic {
    const topic = new sns.Topic(this, 'Topic', { displayName: 'PostgreSQL credential rotation', enforceSSL: true });
    acknowledge(topic, {
      rules: ['CKV_AWS_26', ...compliance('SNSEncryptedKMS')],
      reason:
        'Its messages name a credential and never hold one; who wants them encrypted passes a topic whose ' +
        'key admits CloudWatch and EventBridge.',
    });
    return topic;
  }

  /** A rule for secrets that are added from now on, and its alarm. */
  private watchSecrets(): cloudwatch.Alarm {
    const secrets: secretsmanager.ISecret[] = (this.secrets = []);
    const suffix = this.rules++ || '';
    const rule = this.rule(`Rule${suffix}`, secrets);
    return this.alarm(
      `FailedRotations${suffix}`,
      new cloudwatch.Metric({
        namespace: 'AWS/Events',
        metricName: 'TriggeredRules',
        dimensionsMap: { RuleName: rule.ruleName },
        statistic: 'Sum',
        period: Duration.minutes(5),
      }),
      `Secrets Manager gave up a credential rotation. ${runbook('rotation-failed-or-abandoned')}`,
    );
  }

  private alarm(id: string, metric: cloudwatch.Metric, alarmDescription: string): cloudwatch.Alarm {
    const alarm = new cloudwatch.Alarm(this, id, {
      metric,
      alarmDescription,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // Rotation is rare: between two of them neither metric has any data.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    return alarm;
  }

  private rule(id: string, secrets: secretsmanager.ISecret[]): events.Rule {
    const rule = new events.Rule(this, id, {
      description: 'Rotations that Secrets Manager gave up',
      eventPattern: {
        source: ['aws.secretsmanager'],
        detailType: ['AWS Service Event via CloudTrail'],
        detail: {
          eventName: ['RotationFailed', 'RotationAbandoned'],
          additionalEventData: { SecretId: Lazy.list({ produce: () => secrets.map(secret => secret.secretArn) }) },
        },
      },
    });
    const message = events.RuleTargetInput.fromText(
      [
        `${events.EventField.fromPath('$.detail.eventName')}: the credential in ` +
          `${events.EventField.fromPath('$.detail.additionalEventData.SecretId')}`,
        `was not rotated at ${events.EventField.fromPath('$.time')}. What to do: ` +
          `${runbook('rotation-failed-or-abandoned')}`,
      ].join(' '),
    );
    // Not the L2 target: it would add a statement to the topic's policy that stands below.
    rule.addTarget({ bind: () => ({ arn: this.topic.topicArn, input: message }) });
    return rule;
  }
}

/** A topic policy replaces the default one, which lets the account's alarms publish. */
function allowPublishing(topic: sns.ITopic, scope: IConstruct): void {
  const publish = (service: string, conditions?: Record<string, Record<string, string>>) =>
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal(service)],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions,
    });
  topic.addToResourcePolicy(
    publish('cloudwatch.amazonaws.com', { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } }),
  );
  // Without a condition: AWS does not document that EventBridge sends the source account to SNS, and says of encrypted
  // topics that a condition on it is not supported.
  topic.addToResourcePolicy(publish('events.amazonaws.com'));
}
