import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type PostgresServer, withClient } from './postgres';
import { postgresBinaries } from './postgres-binaries';

const run = promisify(execFile);

/** The files and the process of a server that a test started for itself, with `startPostgres`. */
export class OwnServer {
  private readonly directory: string;
  private readonly data: string;

  constructor(
    readonly server: PostgresServer,
    data = 'data',
  ) {
    this.directory = dirname(server.caFile);
    this.data = join(this.directory, data);
  }

  /** Replaces the rules of pg_hba.conf, for connections from now on. */
  async setRules(...rules: string[]): Promise<void> {
    writeFileSync(join(this.data, 'pg_hba.conf'), rules.map(rule => `${rule}\n`).join(''));
    await this.control('reload');
  }

  /** Adds settings that take a restart, and restarts. */
  async restartWith(...settings: string[]): Promise<void> {
    appendFileSync(join(this.data, 'postgresql.conf'), settings.map(setting => `${setting}\n`).join(''));
    await this.control('restart', '-m', 'fast', '-l', basename(this.server.logFile));
  }

  /**
   * A streaming replica of this server, at another port, whose transactions come so much later. It goes when this
   * server's directory does.
   */
  async startReplica(port: number, delay: string): Promise<OwnServer> {
    const { superuser, host, port: primary } = this.server;
    await this.setRules('hostssl all all all scram-sha-256', 'hostssl replication all all scram-sha-256');
    await this.control('stop', '-m', 'fast');
    const replica = new OwnServer({ ...this.server, port, logFile: join(this.directory, 'replica.log') }, 'replica');
    cpSync(this.data, replica.data, { recursive: true });
    await this.control('start', '-l', 'server.log');
    const connection =
      `host=${host} port=${primary} user=${superuser.username} password=${superuser.password} ` + 'sslmode=require';
    appendFileSync(
      join(replica.data, 'postgresql.conf'),
      `\nport = ${port}\nprimary_conninfo = '${connection}'\nrecovery_min_apply_delay = '${delay}'\n`,
    );
    writeFileSync(join(replica.data, 'standby.signal'), '');
    rmSync(join(replica.data, 'postmaster.pid'), { force: true });
    await run('chown', ['-R', owner(this.data), replica.data]);
    await replica.control('start', '-l', 'replica.log');
    return replica;
  }

  async stop(): Promise<void> {
    await this.control('stop', '-m', 'immediate');
  }

  log(): string {
    return readFileSync(this.server.logFile, 'utf8');
  }

  async query(text: string): Promise<Record<string, unknown>[]> {
    return withClient(this.server, this.server.superuser, 'postgres', async client => (await client.query(text)).rows);
  }

  private async control(...command: string[]): Promise<void> {
    const { directory, user } = postgresBinaries(this.directory);
    const options = { ...user, cwd: this.directory, env: { ...process.env, LC_ALL: 'C', HOME: this.directory } };
    await run(join(directory, 'pg_ctl'), [...command, '-w', '-D', this.data], options);
  }
}

function owner(path: string): string {
  const { uid, gid } = statSync(path);
  return `${uid}:${gid}`;
}
