import { ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { pythonEnvironment } from './python';
import { createAuthority } from '../local/certificate';
import { postgresBinaries } from '../local/postgres-binaries';

const NODE_MODULES = join(__dirname, '..', '..', 'node_modules');
const PROGRAM = join(__dirname, 'local-cloud');
const ACCOUNT = '000000000000';
const REGION = 'us-east-1';

/** What the account holds: see local-cloud/account.py. */
export interface Account {
  readonly resources: string[];
  readonly events: Record<string, unknown>[];
  readonly logs: Record<string, string[]>;
}

/** A local AWS: ministack, extended by local-cloud/. */
export class LocalCloud {
  /** Starts one on a free port, with a certificate authority for its databases. */
  static async start(): Promise<LocalCloud> {
    const python = pythonEnvironment('e2e', join(PROGRAM, 'requirements.txt'));
    const files = mkdtempSync(join(tmpdir(), 'local-cloud-'));
    chmodSync(files, 0o711); // the user that PostgreSQL runs as passes through
    const authority = await createAuthority('Local RDS authority');
    const identity = await authority.issue('localhost', '127.0.0.1');
    writeFileSync(join(files, 'ca.pem'), authority.certificate);
    writeFileSync(join(files, 'server.crt'), identity.certificate);
    writeFileSync(join(files, 'server.key'), identity.privateKey, { mode: 0o600 });

    const cloud = new LocalCloud(python, files, await freePort());
    try {
      await cloud.ready();
    } catch (error) {
      await cloud.stop();
      throw error;
    }
    return cloud;
  }

  /** Where SDK clients find this cloud. */
  readonly client: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  /** PEM file of the authority that signs the databases' certificates. */
  readonly caFile: string;
  /** An empty directory for whoever deploys; it goes with the cloud. */
  readonly scratch: string;
  /** Environment of a process that is to reach this cloud and no other. */
  readonly environment: Record<string, string>;
  private readonly process: ChildProcess;
  private readonly uploads = new Set<string>();
  private readonly stopping = new AbortController();

  private constructor(
    readonly python: string,
    private readonly files: string,
    port: number,
  ) {
    this.client = {
      endpoint: `http://127.0.0.1:${port}`,
      region: REGION,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    };
    this.caFile = join(files, 'ca.pem');
    this.scratch = mkdtempSync(join(files, 'scratch-'));
    const own = Object.entries(process.env).filter(
      (entry): entry is [string, string] => !entry[0].startsWith('AWS_') && entry[1] !== undefined,
    );
    this.environment = {
      ...Object.fromEntries(own),
      AWS_ENDPOINT_URL: this.client.endpoint,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_ACCESS_KEY_ID: this.client.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.client.credentials.secretAccessKey,
      AWS_CONFIG_FILE: join(files, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(files, 'none'),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      NO_PROXY: '127.0.0.1,localhost',
      no_proxy: '127.0.0.1,localhost',
      PYTHONDONTWRITEBYTECODE: '1',
    };
    const { directory, user } = postgresBinaries(files);
    // Where the functions are unpacked. An import(), unlike require(), looks for packages above the file only.
    const temporary = mkdtempSync(join(files, 'functions-'));
    symlinkSync(NODE_MODULES, join(temporary, 'node_modules'));
    const log = openSync(this.logFile, 'w');
    // In a session of its own: Ctrl-C is for us, who then close its input.
    this.process = spawn(python, [join(PROGRAM, 'main.py')], {
      detached: true,
      stdio: ['pipe', log, log],
      env: {
        ...this.environment,
        GATEWAY_PORT: String(port),
        BIND_HOST: '127.0.0.1',
        MINISTACK_HOST: '127.0.0.1',
        LAMBDA_EXECUTOR: 'local',
        LOCAL_CLOUD_FILES: files,
        LOCAL_CLOUD_POSTGRES: directory,
        ...(user && { LOCAL_CLOUD_POSTGRES_USER: `${user.uid}:${user.gid}` }),
        // What the functions, its children, find in AWS Lambda: the SDK, and the authority of RDS.
        NODE_PATH: NODE_MODULES,
        TMPDIR: temporary,
        NODE_EXTRA_CA_CERTS: this.caFile,
      },
    });
  }

  /** Ends with the cloud: for the processes that talk to it. */
  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  /** Account and Region, as CDK writes an environment. */
  get target(): string {
    return `aws://${ACCOUNT}/${REGION}`;
  }

  /** All that the cloud itself logged. */
  get log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** The logs of all PostgreSQL servers so far. */
  get serverLogs(): string {
    const directory = join(this.files, 'server-logs');
    return existsSync(directory)
      ? readdirSync(directory)
          .map(name => readFileSync(join(directory, name), 'utf8'))
          .join('')
      : '';
  }

  /** What the account holds now. */
  async account(): Promise<Account> {
    const { stdout } = await promisify(execFile)(this.python, [join(PROGRAM, 'account.py')], {
      env: this.environment,
      maxBuffer: 64 * 1024 * 1024,
      signal: this.signal,
    });
    return JSON.parse(stdout) as Account;
  }

  /**
   * Calls an action of a service that speaks the Query protocol, and whose client this project has not. Status and XML.
   */
  async query(service: string, parameters: Record<string, string>): Promise<{ status: number; body: string }> {
    const response = await fetch(this.client.endpoint, {
      method: 'POST',
      body: new URLSearchParams(parameters),
      headers: credentialsFor(service),
    });
    return { status: response.status, body: await response.text() };
  }

  /** Uploads what is not there yet. Its URL. */
  async put(bucket: string, key: string, body: () => Promise<Buffer>): Promise<string> {
    const name = bucket.replace('${AWS::AccountId}', ACCOUNT).replace('${AWS::Region}', REGION);
    const url = `${this.client.endpoint}/${name}/${key}`;
    if (this.uploads.has(url)) return url;
    const response = await fetch(url, {
      method: 'PUT',
      body: new Uint8Array(await body()),
      headers: credentialsFor('s3'),
    });
    if (!response.ok) throw new Error(`PUT ${name}/${key}: ${response.status} ${await response.text()}`);
    this.uploads.add(url);
    return url;
  }

  /** Ends it, its PostgreSQL servers and its files. */
  async stop(): Promise<void> {
    this.stopping.abort();
    if (this.process.exitCode !== null) return;
    const exit = once(this.process, 'exit');
    this.process.stdin?.end();
    await exit;
  }

  private get logFile(): string {
    return join(this.files, 'log');
  }

  private async ready(): Promise<void> {
    for (;;) {
      if (this.process.exitCode !== null) throw new Error(`the local cloud does not start:\n${this.log}`);
      const answer = await fetch(`${this.client.endpoint}/_ministack/ready`).catch(() => undefined);
      if (answer?.ok) return;
      await delay(100);
    }
  }
}

/** Enough of a signature to tell the service; nobody checks it. */
function credentialsFor(service: string): { authorization: string } {
  return {
    authorization:
      `AWS4-HMAC-SHA256 Credential=local/20260101/${REGION}/${service}/aws4_request, ` +
      'SignedHeaders=host, Signature=none',
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
