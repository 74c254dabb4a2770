import { IConstruct } from 'constructs';

/** Whether a resource of one construct depends on another construct, directly or indirectly. */
export function waitsFor(from: IConstruct, target: IConstruct): boolean {
  const seen = new Set<IConstruct>();
  const visit = (construct: IConstruct): boolean => {
    if (seen.has(construct)) return false;
    seen.add(construct);
    const inside = construct.node.findAll();
    if (construct !== from && inside.includes(target)) return true;
    // A dependency of a construct applies to everything in it.
    return [...inside, ...construct.node.scopes].flatMap(({ node }) => node.dependencies).some(visit);
  };
  return visit(from);
}
