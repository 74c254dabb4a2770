import * as ts from 'typescript';
import type { Range } from './texts';

/** A string or template that is an expression. */
export interface Literal extends Range {
  /** Its text, with quotes and braces, and GAP for each substitution. */
  readonly text: string;
  readonly substitutions: readonly Range[];
  /** Of a tagged template the tag, as it stands before it. */
  readonly tag: string;
}

/** Stands for what a template substitutes. */
export const GAP = '\0';

/** All in the source, in order; one in the substitution of another comes after that. */
export function literals(source: ts.SourceFile): Literal[] {
  const found: Literal[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node)) return;
    const parts = isExpression(node) ? staticParts(node) : undefined;
    if (parts) found.push(literal(node, parts, source));
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return found;
}

/** Reads a source, with all parents set. */
export function parse(file: string, content: string): ts.SourceFile {
  return ts.createSourceFile(file, content, ts.ScriptTarget.ES2022, true);
}

function literal(node: ts.Node, parts: readonly ts.Node[], source: ts.SourceFile): Literal {
  const start = node.getStart(source);
  const isTagged = ts.isTaggedTemplateExpression(node.parent);
  return {
    start,
    end: node.getEnd(),
    text: parts.map(part => part.getText(source)).join(GAP),
    substitutions: parts.slice(1).map((part, index) => ({ start: parts[index].getEnd(), end: part.getStart(source) })),
    tag: isTagged ? source.text.slice(node.parent.getStart(source), start) : '',
  };
}

function staticParts(node: ts.Node): readonly ts.Node[] | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node];
  if (ts.isTemplateExpression(node)) return [node.head, ...node.templateSpans.map(span => span.literal)];
  return undefined;
}

function isExpression(node: ts.Node): boolean {
  const { parent } = node;
  return !ts.isExpressionStatement(parent) && !('name' in parent && parent.name === node);
}
