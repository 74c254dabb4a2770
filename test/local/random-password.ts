import { randomInt } from 'node:crypto';
import type { GetRandomPasswordRequest } from '@aws-sdk/client-secrets-manager';
import { ServiceError } from './secret';

/** GetRandomPassword, with each option that it has. */
export function getRandomPassword(request: GetRandomPasswordRequest): string {
  const length = request.PasswordLength ?? 32;
  const kinds = [
    request.ExcludeLowercase ? '' : 'abcdefghijklmnopqrstuvwxyz',
    request.ExcludeUppercase ? '' : 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    request.ExcludeNumbers ? '' : '0123456789',
    request.ExcludePunctuation ? '' : '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
    request.IncludeSpace ? ' ' : '',
  ]
    .map(kind => [...kind].filter(character => !request.ExcludeCharacters?.includes(character)))
    .filter(kind => kind.length);
  const required = request.RequireEachIncludedType === false ? [] : kinds;
  if (!kinds.length || length < required.length || length > 4096) {
    throw new ServiceError('InvalidParameterException', `No password of ${length} characters has these properties.`);
  }
  const characters = required.map(pick);
  while (characters.length < length) characters.push(pick(kinds.flat()));
  for (let last = length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [characters[last], characters[other]] = [characters[other], characters[last]];
  }
  return characters.join('');
}

function pick(characters: string[]): string {
  return characters[randomInt(characters.length)];
}
