import { Metric } from '../../src/contract';

/** The outcome of an invocation. */
export interface Outcome {
  readonly functionName: string;
  /** Undefined where the event could not be parsed. */
  readonly step?: string;
  readonly milliseconds: number;
  /** The code of the error; undefined on success. */
  readonly code?: string;
}

/**
 * The fields that turn a log line into metrics, in CloudWatch's embedded metric format, which needs no API call and no
 * permission. The secret is a searchable field and not a dimension, because each value of a dimension creates another
 * metric.
 */
export function metricsOf({ functionName, step, milliseconds, code }: Outcome): Readonly<Record<string, unknown>> {
  const dimensions = [
    ...(step === undefined ? [] : [[Metric.FUNCTION_NAME, Metric.STEP]]),
    ...(code === undefined ? [] : [[Metric.FUNCTION_NAME, Metric.CODE]]),
  ];
  const metrics = [
    { Name: Metric.DURATION, Unit: 'Milliseconds' },
    { Name: Metric.SUCCEEDED, Unit: 'Count' },
    { Name: Metric.FAILED, Unit: 'Count' },
  ];
  return {
    [Metric.FUNCTION_NAME]: functionName,
    [Metric.STEP]: step,
    [Metric.CODE]: code,
    [Metric.DURATION]: milliseconds,
    // Both metrics are always written, so that a sum is 0 and not missing when there was no failure.
    [Metric.SUCCEEDED]: code === undefined ? 1 : 0,
    [Metric.FAILED]: code === undefined ? 0 : 1,
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [{ Namespace: Metric.NAMESPACE, Dimensions: dimensions, Metrics: metrics }],
    },
  };
}
