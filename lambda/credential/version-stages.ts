import { REVOKED_STAGE_PREFIX, type RevokedLabel, type StagingLabel } from '../../src/contract';
import type { SecretDescription } from '../ports/secret-store';

/** The id of the version that has a staging label. */
export function versionAt(label: StagingLabel, { stages }: Pick<SecretDescription, 'stages'>): string | undefined {
  return Object.keys(stages).find(version => stages[version].includes(label));
}

/** The staging label that says that a version was revoked. */
export function revokedLabel(version: string): RevokedLabel {
  return `${REVOKED_STAGE_PREFIX}${version}`;
}

/** Whether the version was revoked, after which nothing may log in with it. */
export function isRevoked(version: string, { stages }: Pick<SecretDescription, 'stages'>): boolean {
  return stages[version]?.includes(revokedLabel(version)) ?? false;
}

/** Whether the function is the one that rotates the secret. */
export function rotates({ rotationEnabled, rotationFunctionArn }: SecretDescription, functionArn: string): boolean {
  return rotationEnabled && unqualified(rotationFunctionArn) === unqualified(functionArn);
}

/** The ARN without the version or alias that may follow the function's name. */
function unqualified(arn: string | undefined): string | undefined {
  return arn?.split(':').slice(0, 7).join(':');
}
