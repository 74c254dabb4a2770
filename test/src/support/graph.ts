import { Template } from 'aws-cdk-lib/assertions';
import { resourcesOf, type TemplateResource } from './stacks';

/**
 * The resources that CloudFormation finishes before it starts this one: what it names, refers to or mentions, and so
 * on.
 */
export function before(template: Template, id: string): Set<string> {
  const resources = resourcesOf(template);
  const done = new Set<string>();
  const visit = (current: string) => {
    for (const next of references(resources[current]).filter(name => name in resources && !done.has(name))) {
      done.add(next);
      visit(next);
    }
  };
  visit(id);
  return done;
}

function references(resource: TemplateResource): string[] {
  const found = [resource.DependsOn ?? []].flat();
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'Ref') {
        found.push(inner);
      } else if (key === 'Fn::GetAtt') {
        found.push(typeof inner === 'string' ? inner.split('.')[0] : inner[0]);
      } else if (key === 'Fn::Sub') {
        const [text, values] = Array.isArray(inner) ? inner : [inner, {}];
        for (const [, name] of String(text).matchAll(/\$\{([\w:]+)/g)) found.push(name);
        walk(values);
      } else {
        walk(inner);
      }
    }
  };
  walk(resource.Properties);
  return found;
}

/** The logical ids of the resources of a type whose id has these words. */
export function ids(template: Template, type: string, part = ''): string[] {
  const found = Object.entries(resourcesOf(template))
    .filter(([id, resource]) => resource.Type === type && id.includes(part))
    .map(([id]) => id);
  if (found.length === 0) throw new Error(`no ${type} ${part}`);
  return found;
}

/** The resources that wait for themselves: CloudFormation refuses a template that has any. */
export function cycles(template: Template): string[] {
  return Object.keys(resourcesOf(template)).filter(id => before(template, id).has(id));
}
