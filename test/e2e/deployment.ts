import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { App } from 'aws-cdk-lib';
import type { LocalCloud } from './local-cloud';

/** The bucket of `cdk bootstrap`. */
const ASSETS = 'cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}';

/** What of a template is read or changed here. */
export interface Template {
  Resources: Record<string, TemplateResource>;
  Outputs?: Record<string, unknown>;
}

export interface TemplateResource {
  Type: string;
  Properties?: Record<string, unknown>;
  DependsOn?: string | string[];
  DeletionPolicy?: string;
}

/** An operation on a stack failed; the message has the reason of each resource that did. */
export class DeploymentError extends Error {
  constructor(stack: string, status: string, reasons: string[]) {
    super(`${stack}: ${status}\n${reasons.join('\n')}`);
  }
}

/** A stack, by CloudFormation's own API: seconds, where the CDK CLI takes a quarter of a minute. */
export class Deployment {
  private id = '';

  constructor(
    private readonly cloud: LocalCloud,
    readonly stack: string,
    readonly template: Template,
  ) {}

  /** Creates the stack; one that fails is deleted again. */
  async create(): Promise<void> {
    this.id = text(
      await this.call('CreateStack', { ...(await this.body(this.template)), OnFailure: 'DELETE' }),
      'StackId',
    )[0];
    await this.settled('CREATE_COMPLETE');
  }

  /** Updates the stack; one that fails is as it was before. */
  async update(template: Template): Promise<void> {
    await this.call('UpdateStack', await this.body(template));
    await this.settled('UPDATE_COMPLETE');
  }

  async delete(): Promise<void> {
    await this.call('DeleteStack');
    await this.settled('DELETE_COMPLETE');
  }

  /** The resources of a type: logical id -> physical id. */
  async resources(type: string): Promise<Record<string, string>> {
    const answer = await this.call('DescribeStackResources');
    const [types, names, ids] = ['ResourceType', 'LogicalResourceId', 'PhysicalResourceId'].map(tag =>
      text(answer, tag),
    );
    return Object.fromEntries(
      names.map((name, index) => [name, ids[index]]).filter((_, index) => types[index] === type),
    );
  }

  /** An output of the stack, by its name. */
  async outputs(): Promise<Record<string, string>> {
    const answer = await this.call('DescribeStacks', { StackName: this.id });
    const values = text(answer, 'OutputValue');
    return Object.fromEntries(text(answer, 'OutputKey').map((name, index) => [name, values[index]]));
  }

  private async body(template: Template): Promise<Record<string, string>> {
    // mostly larger than what CloudFormation takes with the call itself
    const body = Buffer.from(JSON.stringify(template));
    const key = `${createHash('sha256').update(body).digest('hex')}.json`;
    return {
      TemplateURL: await this.cloud.put(ASSETS, key, async () => body),
      'Capabilities.member.1': 'CAPABILITY_IAM',
      'Capabilities.member.2': 'CAPABILITY_NAMED_IAM',
    };
  }

  private async settled(expected: string): Promise<void> {
    for (;;) {
      const [status] = text(await this.call('DescribeStacks', { StackName: this.id }), 'StackStatus');
      if (status === expected) return;
      if (!status.endsWith('_IN_PROGRESS')) throw new DeploymentError(this.stack, status, await this.failures());
      this.cloud.signal.throwIfAborted();
      await delay(50);
    }
  }

  private async failures(): Promise<string[]> {
    const pages: string[] = [];
    for (let NextToken: string | undefined = ''; NextToken !== undefined;) {
      const page = await this.call('DescribeStackEvents', { StackName: this.id, ...(NextToken && { NextToken }) });
      pages.push(page);
      [NextToken] = text(page, 'NextToken');
    }
    const events = pages.flatMap(page => page.split('<member>')).filter(event => event.includes('_FAILED<'));
    return events.map(
      event => `${text(event, 'LogicalResourceId')[0]}: ${text(event, 'ResourceStatusReason')[0] ?? ''}`,
    );
  }

  private async call(Action: string, parameters: Record<string, string> = {}): Promise<string> {
    const { status, body } = await this.cloud.query('cloudformation', { Action, StackName: this.stack, ...parameters });
    if (status !== 200) throw new DeploymentError(this.stack, Action, text(body, 'Message'));
    return body;
  }
}

/** Synthesises an app and uploads its assets; the stacks in the order of their deployment. */
export async function deploymentsOf(cloud: LocalCloud, app: App): Promise<Deployment[]> {
  const { directory, stacks } = app.synth();
  for (const stack of stacks) await upload(cloud, directory, `${stack.id}.assets.json`);
  const template = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Template;
  return stacks.map(({ stackName, templateFullPath }) => new Deployment(cloud, stackName, template(templateFullPath)));
}

interface Asset {
  readonly source: { readonly path: string; readonly packaging: string };
  readonly destinations: Record<string, { readonly bucketName: string; readonly objectKey: string }>;
}

async function upload(cloud: LocalCloud, directory: string, manifest: string): Promise<void> {
  const { files } = JSON.parse(readFileSync(join(directory, manifest), 'utf8')) as { files: Record<string, Asset> };
  for (const { source, destinations } of Object.values(files)) {
    if (source.packaging !== 'zip') continue; // the template itself, which goes with its deployment
    for (const { bucketName, objectKey } of Object.values(destinations)) {
      await cloud.put(bucketName, objectKey, async () =>
        zip(cloud, join(directory, source.path), join(cloud.scratch, objectKey)),
      );
    }
  }
}

async function zip({ python, signal }: LocalCloud, directory: string, file: string): Promise<Buffer> {
  await promisify(execFile)(python, ['-m', 'zipfile', '--create', file, ...readdirSync(directory)], {
    cwd: directory,
    signal,
  });
  return readFileSync(file);
}

function text(xml: string, tag: string): string[] {
  return [...xml.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, 'g'))].map(([, value]) =>
    value.replace(/&(\w+|#x?[\da-f]+);/gi, decoded),
  );
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decoded(entity: string, name: string): string {
  return name.startsWith('#') ? String.fromCodePoint(Number(`0${name.slice(1)}`)) : (ENTITIES[name] ?? entity);
}
