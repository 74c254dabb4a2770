import * as ts from 'typescript';

/** From its first character to the one after its last. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

const TEXT_PROPERTIES = ['description', 'alarmDescription', 'comment', 'reason'];

/**
 * Where a source speaks to people: in the message of an error, of a log line, and in a description. A change of words
 * there decides nothing, so strings in it are not mutated; what else stands there is.
 */
export function textsForPeople(source: ts.SourceFile): Range[] {
  const found: Range[] = [];
  const visit = (node: ts.Node) => {
    if (isText(node)) found.push({ start: node.getStart(source), end: node.getEnd() });
    else ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return found;
}

/** Whether one of the ranges has the other in it. */
export function isWithin(ranges: readonly Range[], { start, end }: Range): boolean {
  return ranges.some(range => range.start <= start && end <= range.end);
}

function isText(node: ts.Node): boolean {
  if (ts.isThrowStatement(node)) return true;
  if (ts.isNewExpression(node)) return /Error$/.test(node.expression.getText());
  if (ts.isPropertyAssignment(node)) return TEXT_PROPERTIES.includes(node.name.getText());
  if (!ts.isCallExpression(node.parent) || node !== node.parent.arguments[0]) return false;
  return /(^|\.)log\.\w+$/.test(node.parent.expression.getText());
}
