import { Metric } from '../../src/contract';

/** How an invocation went. */
export interface Outcome {
  readonly functionName: string;
  /** Undefined where the event is not one of this function. */
  readonly step?: string;
  readonly milliseconds: number;
  /** Of the error that it ended in. */
  readonly code?: string;
}

/**
 * What makes a line of the log the metrics of an invocation as well: CloudWatch's embedded metric format takes neither
 * a call nor a permission. The secret is no dimension, for each value of one makes a metric of its own; the line is
 * found by it all the same.
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
    // Both, so that a sum is 0 where nothing failed, and not missing.
    [Metric.SUCCEEDED]: code === undefined ? 1 : 0,
    [Metric.FAILED]: code === undefined ? 0 : 1,
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [{ Namespace: Metric.NAMESPACE, Dimensions: dimensions, Metrics: metrics }],
    },
  };
}
