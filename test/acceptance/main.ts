/**
 * `npm run acceptance:aws`: the whole path in a real account, and an answer to each question that only AWS can answer.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { acceptance } from './acceptance';
import { Aws } from './aws';

const HELP = `npm run acceptance:aws -- --account <id> [--region <region>] [--keep]

Deploys three databases with rotated credentials to an AWS account, asks what only AWS can answer, prints each answer,
and destroys all of it. Nobody has run it on AWS yet.

  --account  The account; refused unless the credentials at hand are of this one. Never one with anything in it that
             matters.
  --region   The Region. Default: AWS_REGION.
  --keep     Destroys nothing. To clean up later: delete the stacks Acceptance* in the CloudFormation console,
             AcceptanceCommon last.

Needs Python 3.10, and a Region prepared by "cdk bootstrap". Takes about an hour, most of it waiting for RDS.
Costs about one US dollar: two db.t4g.micro instances, one Aurora cluster, an interface endpoint and four keys for an
hour. The keys stay for 30 days, waiting for their deletion, which costs nothing. Kept, it costs some 15 US dollars a
day.
Interrupted, it leaves stacks behind; run it again, or delete them as above.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      account: { type: 'string' },
      region: { type: 'string' },
      keep: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (!values.account) {
    throw new Error('name the account by --account, which nothing is deployed without; --help says what it costs');
  }

  const region = values.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  if (!region) throw new Error('name the Region by --region');
  const environment = Object.fromEntries(
    Object.entries({ ...process.env, AWS_REGION: region, AWS_DEFAULT_REGION: region }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());
  const { Account: account } = await new Aws({ environment, signal: interruption.signal }).call<{ Account: string }>(
    'sts',
    'get_caller_identity',
  );
  if (account !== values.account) {
    throw new Error(
      `the credentials are of account ${account}, and --account is ${values.account}; nothing is deployed`,
    );
  }

  const scratch = mkdtempSync(join(tmpdir(), 'acceptance-'));
  try {
    const target = { scratch, environment, signal: interruption.signal, target: `aws://${account}/${region}` };
    return await acceptance(target, { patience: 15 * 60_000, keep: values.keep, print: console.log });
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

main().then(
  failures => {
    process.exitCode = failures === 0 ? 0 : 1;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
