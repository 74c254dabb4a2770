import { IConstruct } from 'constructs';

/** Whether the resources of one construct wait for another one, by the dependencies that constructs have been given. */
export function waitsFor(from: IConstruct, target: IConstruct): boolean {
  const seen = new Set<IConstruct>();
  const visit = (construct: IConstruct): boolean => {
    if (seen.has(construct)) return false;
    seen.add(construct);
    const inside = construct.node.findAll();
    if (construct !== from && inside.includes(target)) return true;
    // What a construct waits for holds for everything in it.
    return [...inside, ...construct.node.scopes].flatMap(({ node }) => node.dependencies).some(visit);
  };
  return visit(from);
}
