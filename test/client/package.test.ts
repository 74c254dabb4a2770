import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { Env } from '../../src/contract';
import { newTenancy, type Tenancy } from '../local/servers';

const run = promisify(execFile);
const ROOT = join(__dirname, '..', '..');
const NAME = 'rotating-postgres-client';
const PEERS = ['pg', '@types/pg', '@types/node', '@aws-sdk/client-secrets-manager'];

/** A project that has the package as it is published, and links to its peers. */
let project: string;
let packed: string[];
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'client-package-'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', project], { cwd: join(ROOT, 'client') });
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  packed = files.map(({ path }) => path);
  const target = join(project, 'node_modules', NAME);
  mkdirSync(target, { recursive: true });
  await run('tar', ['-xzf', filename, '-C', target, '--strip-components=1'], { cwd: project });
  for (const peer of PEERS) link(peer);
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

function link(peer: string): void {
  const path = join(project, 'node_modules', peer);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules', peer), path);
}

function write(file: string, content: string): string {
  writeFileSync(join(project, file), content);
  return file;
}

/** Runs a program in the project; what it printed. */
async function node(file: string, content: string, env: NodeJS.ProcessEnv = {}): Promise<unknown> {
  const { stdout } = await run(process.execPath, [write(file, content)], {
    cwd: project,
    env: { PATH: process.env.PATH, ...env },
  });
  return JSON.parse(stdout);
}

test('the package holds what is used, and nothing of the machine that built it', () => {
  const others = packed.filter(
    path =>
      !/^dist\/types\/(client\/)?src\/[\w/-]+\.d\.ts$/.test(path) &&
      !['dist/index.js', 'esm/index.mjs', 'esm/index.d.mts', 'LICENSE', 'README.md', 'package.json'].includes(path),
  );
  expect(others).toEqual([]);
  for (const path of packed) {
    expect(readFileSync(join(project, 'node_modules', NAME, path), 'utf8')).not.toContain(ROOT);
  }
});

test('it depends on its peers and nothing else', async () => {
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(join(project, 'node_modules', NAME, 'package.json'), 'utf8'),
  );
  expect(dependencies).toBeUndefined();
  const code = readFileSync(join(project, 'node_modules', NAME, 'dist/index.js'), 'utf8');
  const loaded = [...code.matchAll(/\b(?:require|import)\("([^"]+)"\)/g)]
    .map(([, name]) => name)
    .filter(name => !name.startsWith('node:'));
  expect(new Set(loaded)).toEqual(new Set(Object.keys(peerDependencies).filter(name => !name.startsWith('@types/'))));
});

test('a CommonJS program and an ES module get the same names', async () => {
  const names =
    "process.stdout.write(JSON.stringify(Object.keys(client).filter(name => !['default', " +
    "'module.exports'].includes(name)).sort()))";
  const required = await node('names.cjs', `const client = require('${NAME}'); ${names}`);
  const imported = await node('names.mjs', `import * as client from '${NAME}'; ${names}`);
  expect(required).toContain('rotatingPool');
  expect(imported).toEqual(required);
});

test('a program that loads it both ways has one source for a secret, and one class of error', async () => {
  const same = await node(
    'both.mjs',
    `
    import { createRequire } from 'node:module';
    import { RotatingPostgresError, secretCredentials } from '${NAME}';
    const required = createRequire(import.meta.url)('${NAME}');
    process.stdout.write(JSON.stringify([
      secretCredentials('Orders') === required.secretCredentials('Orders'),
      RotatingPostgresError === required.RotatingPostgresError,
    ]));`,
  );
  expect(same).toEqual([true, true]);
});

describe('a program that has no SDK, and a connection string in its environment', () => {
  let tenancy: Tenancy;
  beforeAll(async () => {
    tenancy = await newTenancy();
    rmSync(join(project, 'node_modules/@aws-sdk/client-secrets-manager'));
  });
  afterAll(() => link('@aws-sdk/client-secrets-manager'));

  test.each([
    ['query.cjs', `const { rotatingPool } = require('${NAME}');`],
    ['query.mjs', `import { rotatingPool } from '${NAME}';`],
  ])('%s', async (file, load) => {
    const { username, password } = tenancy.admin;
    const url =
      `postgres://${username}:${password}@localhost:${tenancy.port}/${tenancy.database}` +
      `?sslmode=verify-full&sslrootcert=${tenancy.caFile}`;
    const rows = await node(
      file,
      `${load}
      const pool = rotatingPool();
      pool.query('select session_user::text as name').then(({ rows }) => {
        process.stdout.write(JSON.stringify(rows));
        return pool.end();
      });`,
      { [Env.DATABASE_URL]: url },
    );
    expect(rows).toEqual([{ name: username }]);
  });
});

describe('its types', () => {
  test('import no default: without "esModuleInterop" the pool would be any', () => {
    const declarations = packed
      .filter(path => path.endsWith('.d.ts'))
      .map(path => readFileSync(join(project, 'node_modules', NAME, path), 'utf8'));
    for (const text of declarations) expect(text).not.toMatch(/^import (type )?\w+ from/m);
  });

  const consumer = `
    import type { Socket } from 'node:net';
    import type { Pool } from 'pg';
    import { ErrorCode, rotatingPool, RotatingPostgresError, rotatingStream, secretCredentials } from '${NAME}';
    export const pool: Pool = rotatingPool({ secretId: 'Orders', max: 5, host: 'replica', loginBudgetMillis: 1000 });
    export const make: () => Socket = rotatingStream();
    export const isOurs = (error: unknown): boolean =>
      error instanceof RotatingPostgresError && error.code === ErrorCode.AUTHENTICATION;
    secretCredentials('Orders').on('version', ({ versionId }) => versionId.toUpperCase());
    // @ts-expect-error: it would be so if the pool were any
    pool.noSuchMethod();
    // @ts-expect-error: TLS is not the caller's
    rotatingPool({ ssl: false });
    // @ts-expect-error: the secret says it
    rotatingPool({ password: 'secret' });
  `;

  test.each([
    ['node10', 'consumer.ts', { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' }],
    [
      'node10, without interop',
      'consumer.ts',
      { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: false, ignoreDeprecations: '6.0' },
    ],
    ['node16, from CommonJS', 'consumer.cts', { module: 'node16', moduleResolution: 'node16' }],
    ['node16, from an ES module', 'consumer.mts', { module: 'node16', moduleResolution: 'node16' }],
    ['bundler', 'consumer.ts', { module: 'esnext', moduleResolution: 'bundler' }],
  ])(
    'are found by %s',
    async (_, file, compilerOptions) => {
      write(file, consumer);
      const options = {
        target: 'es2022',
        lib: ['es2022'],
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        types: ['node'],
        ...compilerOptions,
      };
      write('tsconfig.json', JSON.stringify({ compilerOptions: options, files: [file] }));
      const tsc = relative(project, require.resolve('typescript/bin/tsc'));
      const { stdout } = await run(process.execPath, [tsc, '-p', '.'], { cwd: project }).catch(
        (error: { stdout: string }) => error,
      );
      expect(stdout).toBe('');
    },
    180_000, // a compiler on a busy machine
  );
});
