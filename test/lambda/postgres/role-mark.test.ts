import fc from 'fast-check';
import { formatComment, parseComment } from '../../../lambda/postgres/role-mark';

const ARN = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:app/user-AbCdEf';
const word = fc.stringMatching(/^[A-Za-z0-9:/_+=.@-]{1,40}$/);
const marks = fc.record({
  secretArn: word,
  version: fc.option(word, { nil: undefined }),
  validUntil: fc.option(fc.constant('2026-11-21T13:45:00'), { nil: undefined }),
  revoked: fc.boolean(),
});

test('what was put into a comment is read from it, with whatever text somebody else wrote', () => {
  fc.assert(
    fc.property(marks, fc.string({ unit: 'grapheme' }), (mark, foreign) => {
      expect(parseComment(formatComment(foreign, mark))).toEqual({ foreign, mark });
    }),
  );
});

test('the mark of an earlier release names no version', () => {
  expect(parseComment(`cdk-rotating-postgres: password in ${ARN}`)).toEqual({
    foreign: '',
    mark: { secretArn: ARN, revoked: false },
  });
});

test('text that somebody puts around the mark hides nothing of it', () => {
  const comment = `in front\n${formatComment('', { secretArn: ARN, version: 'v1' })} and more\nbehind`;
  expect(parseComment(comment)).toMatchObject({ foreign: 'in front\nbehind', mark: { secretArn: ARN, version: 'v1' } });
});

test.each([null, '', "the reporting team's"])('a comment of somebody else has no mark: %j', comment => {
  expect(parseComment(comment)).toEqual({ foreign: comment ?? '' });
});
