import { randomBytes } from 'node:crypto';

/** An error as Secrets Manager answers it. The types and most messages are AWS's. */
export class ServiceError extends Error {
  constructor(
    readonly type: string,
    message: string,
  ) {
    super(message);
    this.name = type;
  }
}

/** What a version holds; binary data stay as they were sent. */
export interface Value {
  readonly SecretString?: string;
  readonly SecretBinary?: unknown;
}

/** A version may have labels and no value: a rotation begins so. */
export interface Version {
  readonly id: string;
  readonly stages: Set<string>;
  readonly created: number;
  value?: Value;
}

/** How and by what a secret rotates. */
export interface RotationSettings {
  enabled: boolean;
  functionArn: string;
  rules?: { AutomaticallyAfterDays?: number; Duration?: string; ScheduleExpression?: string };
}

export const CURRENT = 'AWSCURRENT';
export const PENDING = 'AWSPENDING';
export const PREVIOUS = 'AWSPREVIOUS';

const TAG = /^[\p{L}\p{Z}\p{N}_.:/=+@-]*$/u;
const MOST_TAGS = 50;

/** A secret: its versions, and the rules by which staging labels move between them. */
export class Secret {
  readonly arn: string;
  readonly created = now();
  readonly versions = new Map<string, Version>();
  readonly tags = new Map<string, string>();
  changed = this.created;
  rotation?: RotationSettings;
  lastRotated?: number;
  deleted?: number;

  constructor(
    readonly name: string,
    readonly description?: string,
    readonly kmsKeyId?: string,
  ) {
    const suffix = randomBytes(9).toString('base64').replace(/[+/]/g, 'x').slice(0, 6);
    this.arn = `arn:aws:secretsmanager:us-east-1:111122223333:secret:${name}-${suffix}`;
  }

  /** Sets tags: all of them, or none when one is not possible. */
  tag(tags: readonly { readonly Key?: string; readonly Value?: string }[]): void {
    const all = new Map([...this.tags, ...tags.map(({ Key = '', Value: value = '' }) => [Key, value] as const)]);
    for (const [key, value] of all) {
      const possible = TAG.test(key + value) && key.length >= 1 && key.length <= 128 && value.length <= 256;
      if (!possible || /^aws:/i.test(key)) {
        throw new ServiceError('InvalidParameterException', `The tag ${key} is not valid.`);
      }
    }
    if (all.size > MOST_TAGS) {
      throw new ServiceError('LimitExceededException', `A secret has at most ${MOST_TAGS} tags.`);
    }
    for (const [key, value] of all) this.tags.set(key, value);
  }

  /** The version that has a label; no label is on two. */
  holder(stage: string): Version | undefined {
    return [...this.versions.values()].find(({ stages }) => stages.has(stage));
  }

  /**
   * The version asked for, by id, label, both (which must agree) or neither (AWSCURRENT); one without a value does not
   * exist to a reader.
   */
  read(id?: string, stage?: string): Version {
    const version = id ? this.versions.get(id) : this.holder(stage ?? CURRENT);
    if (version && id && stage && !version.stages.has(stage)) {
      throw new ServiceError(
        'InvalidRequestException',
        'You provided a VersionStage that is not associated to the provided VersionId.',
      );
    }
    if (!version?.value) throw noValue(id ? `VersionId: ${id}` : `staging label: ${stage ?? CURRENT}`);
    return version;
  }

  /** Writes a value once: the same token with the same data changes nothing, with other data it fails. */
  put(id: string, value: Value, stages: string[] = [CURRENT]): Version {
    const existing = this.versions.get(id);
    if (existing?.value) {
      if (JSON.stringify(existing.value) !== JSON.stringify(value)) {
        throw new ServiceError(
          'ResourceExistsException',
          `You can't use ClientRequestToken ${id} because that value is already in use for a version of ` +
            `secret ${this.arn}.`,
        );
      }
      return existing;
    }
    const version = existing ?? this.stage(id);
    version.value = value;
    for (const stage of stages) this.attach(stage, version);
    if (version.stages.has(CURRENT)) this.abandonRotation(version);
    this.changed = now();
    return version;
  }

  /** UpdateSecretVersionStage: whoever takes a label away must name its holder. */
  move(stage: string, to?: string, from?: string): void {
    const holder = this.holder(stage);
    const target = to === undefined ? undefined : this.versions.get(to);
    if (to !== undefined && !target) throw noValue(`VersionId: ${to}`);
    if (from !== undefined && from !== holder?.id) {
      throw new ServiceError(
        'InvalidParameterException',
        `The staging label ${stage} is not attached to version ${from}, named in RemoveFromVersionId.`,
      );
    }
    if (holder && holder !== target && from === undefined) {
      throw new ServiceError(
        'InvalidParameterException',
        `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to ` +
          `version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
      );
    }
    if (stage === CURRENT && !target) {
      throw new ServiceError(
        'InvalidParameterException',
        `You can only move staging label ${CURRENT} to a different secret version. It can't be completely removed.`,
      );
    }
    if (stage === CURRENT && !target?.value) throw noValue(`VersionId: ${to}`);
    if (target) this.attach(stage, target);
    else holder?.stages.delete(stage);
    this.changed = now();
  }

  /** Begins a rotation: the new version has a label and no value. */
  stage(id: string, ...stages: string[]): Version {
    const version: Version = { id, stages: new Set(), created: now() };
    this.versions.set(id, version);
    for (const stage of stages) this.attach(stage, version);
    return version;
  }

  /** AWSPENDING is on a version that is not AWSCURRENT. */
  rotationIncomplete(): boolean {
    const pending = this.holder(PENDING);
    return pending !== undefined && !pending.stages.has(CURRENT);
  }

  /** Moving AWSCURRENT moves AWSPREVIOUS to the version that loses it. */
  private attach(stage: string, version: Version): void {
    const holder = this.holder(stage);
    if (holder === version) return;
    holder?.stages.delete(stage);
    version.stages.add(stage);
    if (stage === CURRENT && holder) this.attach(PREVIOUS, holder);
  }

  /** A value written by hand as AWSCURRENT ends a rotation under way: RotationAbandoned. */
  private abandonRotation(written: Version): void {
    const pending = this.holder(PENDING);
    if (pending !== written) pending?.stages.delete(PENDING);
  }
}

/** Seconds, as the protocol has them. */
export function now(): number {
  return Date.now() / 1000;
}

function noValue(what: string): ServiceError {
  return new ServiceError(
    'ResourceNotFoundException',
    `Secrets Manager can't find the specified secret value for ${what}`,
  );
}
