/** The URL of the runbook's section for an alarm or notification. */
export function runbook(heading: 'rotation-function-errors' | 'rotation-failed-or-abandoned'): string {
  return `https://github.com/cdk-rotating-postgres/cdk-rotating-postgres/blob/main/docs/runbook.md#${heading}`;
}
