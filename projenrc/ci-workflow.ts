import { github } from 'projen';

/** The lowest that is supported; the lanes install newer ones themselves, for the client. */
const NODE = '20';
/** What `.ci/nightly` takes as an argument: each is a machine of its own. */
const NIGHTLY = ['postgres-15', 'postgres-16', 'postgres-17', 'pg-minors', 'node-22'];

const PULL_REQUEST_OR_PUSH: github.workflows.Triggers = {
  pullRequest: {},
  push: { branches: ['main'] },
  workflowDispatch: {},
};
const EACH_NIGHT: github.workflows.Triggers = { schedule: [{ cron: '17 3 * * *' }], workflowDispatch: {} };

function job(run: string): github.workflows.Job {
  return {
    runsOn: ['ubuntu-latest'],
    permissions: { contents: github.workflows.JobPermission.READ },
    env: { CI: 'true' },
    timeoutMinutes: 60,
    tools: { node: { version: NODE } },
    steps: [github.WorkflowSteps.checkout(), { name: 'Check', run }],
  };
}

/** The two lanes on GitHub: what each change must pass, and what takes longer. */
export function addCiWorkflows(gh: github.GitHub): void {
  const change = gh.addWorkflow('ci');
  change.on(PULL_REQUEST_OR_PUSH);
  change.addJob('run', job('.ci/run'));
  new github.AutoMerge(gh).addConditions('status-success=run');

  const nightly = gh.addWorkflow('nightly');
  nightly.on(EACH_NIGHT);
  nightly.addJob('nightly', {
    ...job('.ci/nightly ${{ matrix.part }}'),
    strategy: { failFast: false, matrix: { domain: { part: NIGHTLY } } },
  });
}
