import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';

const SRC = join(__dirname, '..', '..', '..', 'src');

export interface Prop {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
}

/** The interfaces that src/ exports, by name, each with its props and those it inherits. */
export function publicInterfaces(): Map<string, Prop[]> {
  const declarations = new Map(
    files()
      .flatMap(interfacesIn)
      .map(declaration => [declaration.name.text, declaration]),
  );
  const exported = readFileSync(join(SRC, 'index.ts'), 'utf8');
  const propsOf = (name: string): Prop[] => {
    const declaration = declarations.get(name);
    if (!declaration) return [];
    const inherited = (declaration.heritageClauses ?? [])
      .flatMap(({ types }) => types)
      .flatMap(({ expression }) => propsOf(expression.getText()));
    const own = declaration.members
      .filter(member => ts.isPropertySignature(member))
      .map(({ name: prop, type, questionToken }) => ({
        name: prop.getText(),
        type: type?.getText() ?? '',
        optional: questionToken !== undefined,
      }));
    return [...inherited.filter(({ name: other }) => !own.some(prop => prop.name === other)), ...own];
  };
  return new Map(
    [...declarations.keys()]
      .filter(name => new RegExp(`\\b${name}\\b`).test(exported))
      .map(name => [name, propsOf(name)]),
  );
}

function files(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => join(SRC, file));
}

function interfacesIn(file: string): ts.InterfaceDeclaration[] {
  return ts
    .createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
    .statements.filter(statement => ts.isInterfaceDeclaration(statement));
}
