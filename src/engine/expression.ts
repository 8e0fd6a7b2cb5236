/** `${{ }}` with the grammar of GitHub Actions. The language itself is loaded only when a text needs more than plain names. */
import { fail } from '../errors/machinespawn-error.ts';
import { parsePlainReference, runPlainReference } from './plain-reference.ts';
import type { Json } from './step.ts';
import {
  cutTemplate,
  mayHoldExpression,
  type ExpressionContext,
  type ExpressionPart,
  type RawExpression,
  type Reference,
  type Template,
} from './template.ts';

export type { ExpressionContext, Reference, Template } from './template.ts';

/** Never throws: what is wrong stands in the `problems` of its parts. */
export async function parseTemplate(text: string): Promise<Template> {
  const parts: Template['parts'][number][] = [];
  for (const part of cutTemplate(text)) parts.push(part.kind === 'text' ? part : await parseExpression(part));
  return { text, parts };
}

async function parseExpression(raw: RawExpression): Promise<ExpressionPart> {
  const place = { kind: 'expression', source: raw.inner.trim(), start: raw.start, end: raw.end } as const;
  const plain = raw.closed ? parsePlainReference(raw) : null;
  if (plain !== null) {
    return { ...place, references: [plain], problems: [], run: (context) => runPlainReference(plain, context) };
  }
  if (!raw.closed) {
    const problem = { start: raw.start, end: raw.end, message: "'${{' without '}}'", hint: null };
    return { ...place, references: [], problems: [problem], run: () => null };
  }
  const { readExpression } = await import('./expression-language.ts');
  return { ...place, ...readExpression(raw.inner, raw.innerStart) };
}

/** All names that a template uses. */
export function references(template: Template): readonly Reference[] {
  return template.parts.flatMap((part) => (part.kind === 'text' ? [] : part.references));
}

/**
 * The value of a template: of any type when the whole text is one expression, a text otherwise.
 * Throws MSP_EXPRESSION_FAILED.
 */
export function evaluate(template: Template, context: ExpressionContext): Json {
  const [first] = template.parts;
  if (first === undefined) return '';
  if (template.parts.length === 1 && first.kind === 'expression') return runPart(first, context);
  return template.parts
    .map((part) => (part.kind === 'text' ? part.text : asText(runPart(part, context), part)))
    .join('');
}

/** Replaces every `${{ }}` inside a value. Throws MSP_EXPRESSION_FAILED. */
export async function evaluateValue(value: Json, context: ExpressionContext): Promise<Json> {
  if (typeof value === 'string')
    return mayHoldExpression(value) ? evaluate(await parseTemplate(value), context) : value;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const items: Json[] = [];
    for (const item of value as readonly Json[]) items.push(await evaluateValue(item, context));
    return items;
  }
  const fields: [string, Json][] = [];
  for (const [name, field] of Object.entries(value)) fields.push([name, await evaluateValue(field, context)]);
  return Object.fromEntries(fields);
}

/** For `if`: false, 0, '' and null are false, all else is true. Throws MSP_EXPRESSION_FAILED. */
export async function evaluateCondition(text: string, context: ExpressionContext): Promise<boolean> {
  return Boolean(await evaluateValue(text, context));
}

function runPart(part: ExpressionPart, context: ExpressionContext): Json {
  const [problem] = part.problems;
  if (problem !== undefined) throw fail('MSP_EXPRESSION_FAILED', { expression: part.source, problem: problem.message });
  try {
    return part.run(context);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw fail('MSP_EXPRESSION_FAILED', { expression: part.source, problem }, error);
  }
}

function asText(value: Json, part: ExpressionPart): string {
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  const problem = `${Array.isArray(value) ? 'a list' : 'an object'} cannot be put into a text; use toJSON() or join()`;
  throw fail('MSP_EXPRESSION_FAILED', { expression: part.source, problem });
}
