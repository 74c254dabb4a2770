import { randomUUID } from 'node:crypto';
import type {
  CancelRotateSecretRequest,
  CreateSecretRequest,
  DeleteSecretRequest,
  DescribeSecretRequest,
  GetRandomPasswordRequest,
  GetSecretValueRequest,
  ListSecretVersionIdsRequest,
  PutSecretValueRequest,
  RotateSecretRequest,
  TagResourceRequest,
  UntagResourceRequest,
  UpdateSecretVersionStageRequest,
} from '@aws-sdk/client-secrets-manager';
import { getRandomPassword } from './random-password';
import { now, PENDING, Secret, ServiceError, Value } from './secret';

const DAY = 86_400;

/** Starts a rotation (or only its test) that runs on after the call's answer. */
export type StartRotation = (secret: Secret, token: string, kind: 'rotate' | 'test') => void;

/** Secrets Manager's actions on secrets in memory. */
export class SecretsManagerActions {
  private readonly secrets: Secret[] = [];

  constructor(private readonly startRotation: StartRotation) {}

  /** Finds a secret by name, by ARN, or by the ARN without its random suffix. */
  find(id: string | undefined): Secret {
    if (!id) {
      throw new ServiceError(
        'ValidationException',
        "Value null at 'secretId' failed to satisfy constraint: Member must not be null",
      );
    }
    const secret = this.secrets.find(({ name, arn }) => id === name || id === arn || id === arn.slice(0, -7));
    if (!secret) {
      throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    if (secret.deleted) {
      throw new ServiceError(
        'InvalidRequestException',
        "You can't perform this operation on the secret because it was marked for deletion.",
      );
    }
    return secret;
  }

  CreateSecret(request: CreateSecretRequest) {
    const name = request.Name ?? '';
    if (!/^[\w/+=.@-]{1,512}$/.test(name)) {
      throw new ServiceError(
        'ValidationException',
        'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
      );
    }
    if (this.secrets.some(secret => secret.name === name)) {
      throw new ServiceError(
        'ResourceExistsException',
        `The operation failed because the secret ${name} already exists.`,
      );
    }
    const id = token(request.ClientRequestToken);
    const secret = new Secret(name, request.Description, request.KmsKeyId);
    secret.tag(request.Tags ?? []);
    const filled = request.SecretString !== undefined || request.SecretBinary !== undefined;
    if (filled) secret.put(id, valueOf(request));
    this.secrets.push(secret);
    return { ARN: secret.arn, Name: name, VersionId: filled ? id : undefined };
  }

  GetSecretValue(request: GetSecretValueRequest) {
    const secret = this.find(request.SecretId);
    const { id, stages, created, value } = secret.read(request.VersionId, request.VersionStage);
    return {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: id,
      VersionStages: [...stages],
      CreatedDate: created,
      ...value,
    };
  }

  PutSecretValue(request: PutSecretValueRequest) {
    const secret = this.find(request.SecretId);
    if (request.VersionStages?.length === 0) {
      throw new ServiceError(
        'ValidationException',
        "Value '[]' at 'versionStages' failed to satisfy constraint: Member must have length greater than " +
          'or equal to 1',
      );
    }
    const version = secret.put(token(request.ClientRequestToken), valueOf(request), request.VersionStages);
    return { ARN: secret.arn, Name: secret.name, VersionId: version.id, VersionStages: [...version.stages] };
  }

  DescribeSecret(request: DescribeSecretRequest) {
    const secret = this.find(request.SecretId);
    const { rotation, lastRotated } = secret;
    const days = rotation?.rules?.AutomaticallyAfterDays;
    const labelled = [...secret.versions.values()].filter(({ stages }) => stages.size);
    return {
      ARN: secret.arn,
      Name: secret.name,
      Description: secret.description,
      KmsKeyId: secret.kmsKeyId,
      RotationEnabled: rotation?.enabled,
      RotationLambdaARN: rotation?.functionArn,
      RotationRules: rotation?.rules,
      LastRotatedDate: lastRotated,
      LastChangedDate: secret.changed,
      NextRotationDate: rotation?.enabled && days ? (lastRotated ?? secret.created) + days * DAY : undefined,
      CreatedDate: secret.created,
      Tags: [...secret.tags].map(([Key, tag]) => ({ Key, Value: tag })),
      VersionIdsToStages: Object.fromEntries(labelled.map(({ id, stages }) => [id, [...stages]])),
    };
  }

  ListSecretVersionIds(request: ListSecretVersionIdsRequest) {
    const secret = this.find(request.SecretId);
    const versions = [...secret.versions.values()].filter(({ stages }) => stages.size || request.IncludeDeprecated);
    const from = Number(request.NextToken ?? 0);
    const to = from + (request.MaxResults ?? 100);
    return {
      ARN: secret.arn,
      Name: secret.name,
      Versions: versions
        .slice(from, to)
        .map(({ id, stages, created }) => ({ VersionId: id, VersionStages: [...stages], CreatedDate: created })),
      NextToken: to < versions.length ? String(to) : undefined,
    };
  }

  UpdateSecretVersionStage(request: UpdateSecretVersionStageRequest) {
    const secret = this.find(request.SecretId);
    secret.move(request.VersionStage ?? '', request.MoveToVersionId, request.RemoveFromVersionId);
    return { ARN: secret.arn, Name: secret.name };
  }

  RotateSecret(request: RotateSecretRequest) {
    const secret = this.find(request.SecretId);
    const id = token(request.ClientRequestToken);
    const functionArn = request.RotationLambdaARN ?? secret.rotation?.functionArn;
    if (!functionArn) {
      throw new ServiceError(
        'InvalidRequestException',
        'No Lambda rotation function ARN is associated with this secret.',
      );
    }
    const answer = { ARN: secret.arn, Name: secret.name, VersionId: id };
    if (secret.versions.has(id)) return answer;
    if (secret.rotationIncomplete()) {
      throw new ServiceError(
        'InvalidRequestException',
        "A previous rotation isn't complete. That rotation will be reattempted.",
      );
    }
    secret.rotation = { enabled: true, functionArn, rules: request.RotationRules ?? secret.rotation?.rules };
    if (request.RotateImmediately === false) {
      this.startRotation(secret, id, 'test');
      return { ...answer, VersionId: undefined };
    }
    secret.stage(id, PENDING);
    this.startRotation(secret, id, 'rotate');
    return answer;
  }

  /** Leaves the labels as they are, which may be inconsistent: so does AWS. */
  CancelRotateSecret(request: CancelRotateSecretRequest) {
    const secret = this.find(request.SecretId);
    if (secret.rotation) secret.rotation.enabled = false;
    return { ARN: secret.arn, Name: secret.name, VersionId: secret.holder(PENDING)?.id };
  }

  TagResource(request: TagResourceRequest) {
    const secret = this.find(request.SecretId);
    secret.tag(request.Tags ?? []);
    return {};
  }

  UntagResource(request: UntagResourceRequest) {
    const secret = this.find(request.SecretId);
    for (const key of request.TagKeys ?? []) secret.tags.delete(key);
    return {};
  }

  DeleteSecret(request: DeleteSecretRequest) {
    const secret = this.find(request.SecretId);
    secret.deleted = now();
    if (request.ForceDeleteWithoutRecovery) this.secrets.splice(this.secrets.indexOf(secret), 1);
    return {
      ARN: secret.arn,
      Name: secret.name,
      DeletionDate: secret.deleted + (request.RecoveryWindowInDays ?? 30) * DAY,
    };
  }

  GetRandomPassword(request: GetRandomPasswordRequest) {
    return { RandomPassword: getRandomPassword(request) };
  }
}

function token(given: string | undefined): string {
  const id = given ?? randomUUID();
  if (id.length < 32 || id.length > 64) {
    throw new ServiceError('InvalidParameterException', 'ClientRequestToken must be 32-64 characters long.');
  }
  return id;
}

function valueOf({ SecretString, SecretBinary }: Value): Value {
  if ((SecretString === undefined) === (SecretBinary === undefined)) {
    throw new ServiceError('InvalidParameterException', 'You must provide either SecretString or SecretBinary.');
  }
  if ((SecretString?.length ?? 0) > 65_536) {
    throw new ServiceError('ValidationException', 'SecretString is longer than 65536 bytes.');
  }
  return SecretString === undefined ? { SecretBinary } : { SecretString };
}
