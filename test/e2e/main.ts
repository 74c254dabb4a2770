/** The whole path without AWS: see README.md. */
import { checkAcceptance } from './acceptance';
import { checkBrokenQuickstart } from './broken-quickstart';
import { checkBrokenTemplates } from './broken-templates';
import { CdkApp } from './cdk';
import { Checks } from './checks';
import { Credentials } from './credentials';
import { checkExamples } from './examples';
import { LocalCloud } from './local-cloud';
import { checkQuickstart, checkRetention, QUICKSTART } from './quickstart';
import { checkRules } from './rules';
import { checkSingleUser } from './single-user';
import { checkState } from './state';

type Scenario = (checks: Checks, cloud: LocalCloud, credentials: Credentials) => Promise<void>;

const SCENARIOS: Scenario[] = [
  checkRules,
  checkBrokenTemplates,
  checkBrokenQuickstart,
  checkQuickstart,
  checkExamples,
  checkState,
  checkSingleUser,
  checkAcceptance,
  checkRetention,
];
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

/** @param only Name of one scenario, for whoever works on it. */
async function main(only?: string): Promise<void> {
  const cloud = await LocalCloud.start();
  for (const [signal, status] of Object.entries(SIGNALS)) {
    process.once(signal, () => {
      void cloud.stop().finally(() => process.exit(status));
    });
  }
  const checks = new Checks(cloud.signal);
  try {
    await new CdkApp(cloud, QUICKSTART, 'Quickstart').bootstrap();
    for (const scenario of SCENARIOS.filter(({ name }) => !only || name === only)) {
      await scenario(checks, cloud, new Credentials(cloud));
    }
  } catch (error) {
    if (cloud.signal.aborted) return;
    await checks.check('the run reaches its end', async () => Promise.reject(error));
  }
  if (!checks.ok) {
    console.log(`\nThe end of the local cloud's log:\n${cloud.log.trimEnd().split('\n').slice(-30).join('\n')}`);
  }
  await cloud.stop();
  console.log(checks.summary);
  process.exitCode = checks.ok ? 0 : 1;
}

main(process.argv[2]).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
});
