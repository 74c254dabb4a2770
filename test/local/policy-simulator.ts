import { type Condition, holds, isLike, type RequestContext } from './policy-simulator-conditions';

/** A statement of any policy, with everything resolved. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: '*' | Readonly<Record<string, string | readonly string[]>>;
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Condition;
}

/**
 * Who asks: a role or user, the root user of an account (`…:root`), or an AWS service by itself (`x.amazonaws.com`).
 */
export type Principal = string;

/** One permission that is asked for. */
export interface PermissionRequest {
  readonly principal: Principal;
  readonly action: string;
  readonly resource: string;
  readonly context: RequestContext;
}

/**
 * Every policy that has a say in it. Service control policies, boundaries and session policies are not played: they
 * only take away.
 */
export interface Policies {
  readonly identity: readonly Statement[];
  /** Of the resource: a secret's, a key's. */
  readonly resource: readonly Statement[];
  /** Of the VPC endpoint that the request comes through, if it comes through one. */
  readonly endpoint?: readonly Statement[];
}

export interface Decision {
  readonly allowed: boolean;
  readonly because: string;
}

/**
 * What AWS documents of policy evaluation: an explicit deny wins wherever it stands; an endpoint must let through; in
 * one account either side is enough, but for keys, whose policy must take part; across accounts both must allow.
 */
export function decide(request: PermissionRequest, { identity, resource, endpoint }: Policies): Decision {
  const applies = (statement: Statement) => isAbout(statement, request);
  const toMe = resource.filter(statement => applies(statement) && namedBy(statement, request.principal) !== undefined);
  const through = endpoint?.filter(
    statement => applies(statement) && namedBy(statement, request.principal) !== undefined,
  );
  const mine = isService(request.principal) ? [] : identity.filter(applies);

  const sides = { identity: mine, resource: toMe, endpoint: through ?? [] };
  for (const [side, statements] of Object.entries(sides)) {
    const deny = statements.find(({ Effect }) => Effect === 'Deny');
    if (deny) return { allowed: false, because: `denied by the ${side} policy${deny.Sid ? ` (${deny.Sid})` : ''}` };
  }
  if (through?.length === 0) return { allowed: false, because: 'not allowed by the endpoint policy' };

  const direct = toMe.some(statement => namedBy(statement, request.principal) === 'directly');
  const own = mine.length > 0 || isRoot(request.principal);
  if (isService(request.principal)) return allowedIf(direct, 'resource policy');
  const owner = accountOf(request.resource); // `*` has none: it is of the caller's account
  if (owner !== undefined && owner !== accountOf(request.principal)) {
    return toMe.length === 0
      ? allowedIf(false, 'resource policy, which across accounts it takes')
      : allowedIf(own, 'identity policy of the other account');
  }
  if (isKey(request.resource)) {
    return allowedIf(direct || (toMe.length > 0 && own), toMe.length > 0 ? 'identity policy' : 'key policy');
  }
  return allowedIf(direct || own, 'identity or resource policy');
}

function allowedIf(allowed: boolean, policy: string): Decision {
  return { allowed, because: allowed ? 'allowed' : `not allowed by the ${policy}` };
}

function isAbout(statement: Statement, { action, resource, context }: PermissionRequest): boolean {
  const unknown = Object.keys(statement).filter(
    part => !['Sid', 'Effect', 'Principal', 'Action', 'Resource', 'Condition'].includes(part),
  );
  if (unknown.length > 0) throw new Error(`${unknown} in a statement is not simulated`);
  return (
    [statement.Action].flat().some(pattern => isLike(pattern.toLowerCase(), action.toLowerCase())) &&
    [statement.Resource ?? []].flat().some(pattern => isLike(pattern, resource)) &&
    holds(statement.Condition ?? {}, context)
  );
}

/** An account that is named leaves it to its own policies whom it lets. */
function namedBy(
  { Principal: named, Effect }: Statement,
  principal: Principal,
): 'directly' | 'by its account' | undefined {
  if (named === '*') return 'directly';
  const { AWS = [], Service = [] } = named ?? {};
  if (isService(principal)) return [Service].flat().includes(principal) ? 'directly' : undefined;
  const names = [AWS].flat();
  if (names.includes('*') || names.includes(principal)) return 'directly';
  const account = accountOf(principal);
  const byAccount = names.some(name => name === account || (isRoot(name) && accountOf(name) === account));
  // A deny of an account holds for everybody in it.
  return byAccount ? (Effect === 'Deny' ? 'directly' : 'by its account') : undefined;
}

export function accountOf(arn: string): string | undefined {
  return arn.split(':')[4];
}

export function isService(principal: Principal): boolean {
  return principal.endsWith('.amazonaws.com');
}

function isRoot(principal: Principal): boolean {
  return /^arn:[^:]+:iam::\d+:root$/.test(principal);
}

function isKey(resource: string): boolean {
  return /^arn:[^:]+:kms:/.test(resource);
}
