import { randomUUID } from 'node:crypto';
import { createServer, IncomingMessage } from 'node:http';
import { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { FUNCTION_ARN } from './function-arn';
import { Invoke, RotationResult, RunOptions, runRotation, runTest } from './rotation-run';
import { Secret, ServiceError } from './secret';
import { SecretsManagerActions } from './secrets-manager-actions';

const REGION = 'us-east-1';
const CREDENTIALS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'local' };

/** A request that arrived, without secret values. */
export interface Call {
  readonly action: string;
  readonly request: Record<string, unknown>;
  /** Type of the error that was the answer. */
  error?: string;
}

/** Options of the local Secrets Manager. */
export interface SecretsManagerOptions extends RunOptions {
  /** The rotation function. Needed when something rotates. */
  readonly invoke?: Invoke;
  /**
   * Awaited before a call takes effect. Throw a ServiceError to have it fail, another error to have the connection
   * break.
   */
  readonly before?: (call: Call) => unknown;
  /** Awaited after a call took effect, before its answer is sent. Throw as in `before`. */
  readonly after?: (call: Call) => unknown;
}

/** Options of one rotation. */
export interface RotateOptions extends RunOptions {
  /** @default a new UUID */
  readonly token?: string;
  /** `false` runs only testSecret. @default true */
  readonly immediately?: boolean;
}

/** A Secrets Manager on this machine, for the real SDK. */
export interface LocalSecretsManager {
  readonly endpoint: string;
  /** What the SDK needs in the environment of a process to come here. */
  readonly environment: Record<string, string>;
  /** A client for the test itself. Its calls are recorded too. */
  readonly client: SecretsManagerClient;
  /** Every request, in order of arrival. */
  readonly calls: Call[];
  /** Rotates as RotateSecret does and waits for the end. Rejects if RotateSecret refuses. */
  rotate(secretId: string, options?: RotateOptions): Promise<RotationResult>;
  /** The entire rotation again for a token that is pending, as Secrets Manager does by itself after a failure. */
  retry(secretId: string, token: string): Promise<RotationResult>;
  /** Waits for the rotations that RotateSecret calls started; the results of all so far. */
  settled(): Promise<RotationResult[]>;
  stop(): Promise<void>;
}

/** Starts a Secrets Manager that is as strict about versions and staging labels as AWS's. */
export async function startSecretsManager(options: SecretsManagerOptions = {}): Promise<LocalSecretsManager> {
  const runs: Promise<RotationResult>[] = [];
  const overrides = new Map<string, RunOptions>();
  const invoke: Invoke = async (event, functionArn) => {
    if (!options.invoke) throw new Error('this Secrets Manager has no rotation function');
    return options.invoke(event, functionArn);
  };
  const actions = new SecretsManagerActions((secret: Secret, token, kind) => {
    const run = kind === 'test' ? runTest : runRotation;
    runs.push(run(secret, token, invoke, { ...options, ...overrides.get(token) }));
  });
  const calls: Call[] = [];

  const server = createServer((message, response) => {
    void answer(message).then(
      ({ status, body }) => {
        response
          .writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() })
          .end(JSON.stringify(body));
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new SecretsManagerClient({ endpoint, region: REGION, credentials: CREDENTIALS });

  async function answer(message: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const action = String(message.headers['x-amz-target']).replace(/^secretsmanager\./, '');
    const request = (await json(message)) as Record<string, unknown>;
    const { SecretString: _, SecretBinary: __, ...shown } = request;
    const call: Call = { action, request: shown };
    calls.push(call);
    try {
      await options.before?.(call);
      const body = perform(action, request);
      await options.after?.(call);
      return { status: 200, body };
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      call.error = error.type;
      return {
        status: error.type === 'InternalServiceError' ? 500 : 400,
        body: { __type: error.type, message: error.message },
      };
    }
  }

  function perform(action: string, request: object): unknown {
    const known = action !== 'constructor' && action !== 'find' && action in SecretsManagerActions.prototype;
    if (!known) {
      throw new ServiceError('UnknownOperationException', `${action} is not an action of this Secrets Manager.`);
    }
    return (actions as unknown as Record<string, (request: object) => unknown>)[action](request);
  }

  return {
    endpoint,
    environment: {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
    client,
    calls,
    rotate: async (secretId, { token = randomUUID(), immediately = true, ...run } = {}) => {
      if (actions.find(secretId).versions.has(token)) {
        throw new Error(`version ${token} exists: RotateSecret would do nothing; retry() tries again`);
      }
      overrides.set(token, run);
      const functionArn = actions.find(secretId).rotation?.functionArn ?? FUNCTION_ARN;
      const before = runs.length;
      actions.RotateSecret({
        SecretId: secretId,
        ClientRequestToken: token,
        RotationLambdaARN: functionArn,
        RotateImmediately: immediately,
      });
      return runs[before] ?? Promise.resolve({ token, ok: true, attempts: 0 });
    },
    retry: async (secretId, token) => runRotation(actions.find(secretId), token, invoke, options),
    settled: async () => Promise.all(runs),
    stop: async () => {
      client.destroy();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
