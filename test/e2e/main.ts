/** The whole path without AWS: see README.md. */
import { CdkApp } from './cdk';
import { Checks } from './checks';
import { Credentials } from './credentials';
import { LocalCloud } from './local-cloud';
import { checkQuickstart, checkRetention, QUICKSTART } from './quickstart';
import { checkRules } from './rules';
import { checkSingleUser } from './single-user';

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

async function main(): Promise<void> {
  const cloud = await LocalCloud.start();
  for (const [signal, status] of Object.entries(SIGNALS)) process.once(signal, () => { void cloud.stop().finally(() => process.exit(status)); });
  const checks = new Checks(cloud.signal);
  try {
    await new CdkApp(cloud, QUICKSTART, 'Quickstart').bootstrap();
    for (const scenario of [checkRules, checkQuickstart, checkSingleUser, checkRetention]) await scenario(checks, cloud, new Credentials(cloud));
  } catch (error) {
    if (cloud.signal.aborted) return;
    await checks.check('the run reaches its end', async () => Promise.reject(error));
  }
  if (!checks.ok) console.log(`\nThe end of the local cloud's log:\n${cloud.log.trimEnd().split('\n').slice(-30).join('\n')}`);
  await cloud.stop();
  console.log(checks.summary);
  process.exitCode = checks.ok ? 0 : 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
});
