/** What a request says of itself, by the names that conditions use. Keys are compared without regard to case. */
export type RequestContext = Readonly<Record<string, string | readonly string[] | undefined>>;

/** As it stands in a policy, with everything resolved. */
export type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/**
 * Whether all conditions of a statement are true of a request. What is not known here throws: no answer is better than
 * a wrong one.
 */
export function holds(condition: Condition, context: RequestContext): boolean {
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => isTrue(operator, [wanted].flat(), valueOf(context, key))),
  );
}

function valueOf(context: RequestContext, key: string): string | readonly string[] | undefined {
  return Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}

function isTrue(written: string, wanted: readonly string[], actual: string | readonly string[] | undefined): boolean {
  if (wanted.some(value => String(value).includes('${'))) {
    throw new Error(`policy variables are not simulated: ${wanted}`);
  }
  const [, set, operator, ifExists] = /^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/.exec(written) ?? [];
  if (operator === 'Null') return (actual === undefined) === (wanted[0] === 'true');
  const { matches, negated } = comparisonOf(operator, written);
  const satisfies = (value: string) => wanted.some(one => matches(String(one), value)) !== negated;
  if (set === 'ForAllValues') return [actual ?? []].flat().every(satisfies);
  if (set === 'ForAnyValue') return [actual ?? []].flat().some(satisfies);
  if (actual === undefined) return negated || ifExists !== undefined;
  if (typeof actual !== 'string') {
    throw new Error(`${written} on a key with several values has no defined answer; use ForAnyValue or ForAllValues`);
  }
  return satisfies(actual);
}

type Comparison = (wanted: string, actual: string) => boolean;

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  StringEquals: (wanted, actual) => wanted === actual,
  StringLike: isLike,
  ArnEquals: isArnLike,
  ArnLike: isArnLike,
  Bool: (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase(),
};

function comparisonOf(
  operator: string | undefined,
  written: string,
): { readonly matches: Comparison; readonly negated: boolean } {
  const positive = operator?.replace(/Not(?=Equals|Like)/, '') ?? '';
  const matches = COMPARISONS[positive];
  if (!matches) throw new Error(`the condition operator ${written} is not simulated`);
  return { matches, negated: positive !== operator };
}

/** `*` is any text, `?` one character. */
export function isLike(pattern: string, text: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${expression}$`, 's').test(text);
}

/** Part by part, so that no `*` reaches from one into the next; only the last part may have colons. */
function isArnLike(pattern: string, arn: string): boolean {
  const [wanted, actual] = [pattern, arn].map(text =>
    /^([^:]*):([^:]*):([^:]*):([^:]*):([^:]*):(.*)$/s.exec(text)?.slice(1),
  );
  if (!wanted || !actual) return pattern === '*' && actual !== undefined;
  return wanted.every((part, index) => isLike(part, actual[index]));
}
