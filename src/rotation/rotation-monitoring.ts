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

/** The part of an event pattern's 2,048 characters that is used for secret ARNs. */
const ROOM_FOR_SECRETS = 1_600;

/** Properties of a `RotationMonitoring`. */
export interface RotationMonitoringProps {
  /** The rotation function to monitor. */
  readonly rotationFunction: RotationFunction;
  /** The secrets to monitor; `addSecret` adds others. */
  readonly secrets: secretsmanager.ISecret[];
  /**
   * SNS topic for alarms and failed rotations. If it is created in this app, its policy is extended.
   * @default - a new topic that accepts TLS connections only
   */
  readonly topic?: sns.ITopic;
}

/** Alarms and notifications for rotations that fail, with a link to the runbook. */
export class RotationMonitoring extends Construct {
  /** SNS topic of all alarms and notifications. Subscribe your operators to it. */
  public readonly topic: sns.ITopic;
  /** Alarm: an invocation of the rotation function failed. */
  public readonly functionErrors: cloudwatch.Alarm;
  /**
   * Alarm: Secrets Manager reported a rotation as failed or abandoned. It covers about the first dozen secrets; see
   * `addSecret`.
   */
  public readonly failedRotations: cloudwatch.Alarm;
  /** The secrets of the latest rule. */
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
   * Monitors another secret. An EventBridge rule has room for about a dozen secrets; after that, another rule and
   * another alarm are created.
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

  /** Creates a rule for the secrets that are added from now on, and its alarm. */
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
      // Rotations are rare, and between them both metrics have no data.
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
    // The L2 target would add a statement to the topic's policy that `allowPublishing` adds already.
    rule.addTarget({ bind: () => ({ arn: this.topic.topicArn, input: message }) });
    return rule;
  }
}

/**
 * Allows CloudWatch and EventBridge to publish. A topic policy replaces the default policy, which allows the account's
 * alarms to publish.
 */
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
  // No condition: AWS does not document that EventBridge sends the source account to SNS, and for encrypted topics
  // documents that a condition on it is not supported.
  topic.addToResourcePolicy(publish('events.amazonaws.com'));
}
