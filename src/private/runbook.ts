/** Where the people who are woken read on: one heading per alarm and notification. */
export function runbook(heading: 'rotation-function-errors' | 'rotation-failed-or-abandoned'): string {
  return `https://github.com/cdk-rotating-postgres/cdk-rotating-postgres/blob/main/docs/runbook.md#${heading}`;
}
