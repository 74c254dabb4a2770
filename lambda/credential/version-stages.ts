import { REVOKED_STAGE_PREFIX, type RevokedLabel, type StagingLabel } from '../../src/contract';
import type { SecretDescription } from '../ports/secret-store';

/** The id of the version with a staging label. */
export function versionAt(label: StagingLabel, { stages }: Pick<SecretDescription, 'stages'>): string | undefined {
  return Object.keys(stages).find(version => stages[version].includes(label));
}

/** The staging label that marks a version as revoked. */
export function revokedLabel(version: string): RevokedLabel {
  return `${REVOKED_STAGE_PREFIX}${version}`;
}

/** Whether the version was revoked. No login may use a revoked version. */
export function isRevoked(version: string, { stages }: Pick<SecretDescription, 'stages'>): boolean {
  return stages[version]?.includes(revokedLabel(version)) ?? false;
}

/** Whether the secret's rotation is enabled and its rotation function is this one. */
export function rotates({ rotationEnabled, rotationFunctionArn }: SecretDescription, functionArn: string): boolean {
  return rotationEnabled && unqualified(rotationFunctionArn) === unqualified(functionArn);
}

/** The function's ARN without a version or alias qualifier. */
function unqualified(arn: string | undefined): string | undefined {
  return arn?.split(':').slice(0, 7).join(':');
}
