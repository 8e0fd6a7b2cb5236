/** A text of a pipeline file that may hold `${{ }}`: its parts, and the names that they use. */
import type { Json } from './step.ts';

/** What an expression may ask for. */
export interface ExpressionContext {
  readonly inputs: Readonly<Record<string, Json>>;
  /** Steps that have ended; `outputs` is null for one that was skipped. */
  readonly steps: Readonly<Record<string, { readonly outputs: Json }>>;
  readonly run: { readonly id: string };
  /** The values of the cell; null outside of one. */
  readonly matrix: Readonly<Record<string, Json>> | null;
}

/** One piece of text with its place: offsets in the template's text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface NameSegment extends Span {
  readonly name: string;
}

/** A name such as `steps.a.outputs.b`: as far as it is fixed before anything runs. */
export interface Reference {
  readonly root: string;
  readonly path: readonly string[];
  /** Root first; one more than `path`. */
  readonly segments: readonly NameSegment[];
  /** Goes on with an index or a `*` that is only known when it is evaluated. */
  readonly open: boolean;
}

export interface ExpressionProblem extends Span {
  readonly message: string;
  readonly hint: string | null;
}

export interface ExpressionPart extends Span {
  readonly kind: 'expression';
  /** What stands between the braces, trimmed. */
  readonly source: string;
  readonly references: readonly Reference[];
  /** Found without running it: bad form, unknown functions. */
  readonly problems: readonly ExpressionProblem[];
  /** Throws plain errors; `evaluate` gives them their code. */
  readonly run: (context: ExpressionContext) => Json;
}

export interface TextPart {
  readonly kind: 'text';
  readonly text: string;
}

export interface Template {
  readonly text: string;
  readonly parts: readonly (TextPart | ExpressionPart)[];
}

/** A `${{ … }}` as it was found; `end` is after the braces. */
export interface RawExpression extends Span {
  readonly kind: 'raw';
  readonly inner: string;
  readonly innerStart: number;
  readonly closed: boolean;
}

const opening = '${{';

export function mayHoldExpression(text: string): boolean {
  return text.includes(opening);
}

/** Cuts a text at its `${{ … }}`; braces inside quotes do not end one. */
export function cutTemplate(text: string): readonly (TextPart | RawExpression)[] {
  const parts: (TextPart | RawExpression)[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf(opening, at);
    if (start < 0) break;
    if (start > at) parts.push({ kind: 'text', text: text.slice(at, start) });
    const innerStart = start + opening.length;
    const close = findClose(text, innerStart);
    const innerEnd = close < 0 ? text.length : close;
    const end = close < 0 ? text.length : close + 2;
    parts.push({ kind: 'raw', inner: text.slice(innerStart, innerEnd), innerStart, start, end, closed: close >= 0 });
    at = end;
    if (close < 0) return parts;
  }
  if (at < text.length) parts.push({ kind: 'text', text: text.slice(at) });
  return parts;
}

function findClose(text: string, from: number): number {
  let quoted = false;
  for (let at = from; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === "'") quoted = !quoted;
    else if (!quoted && letter === '}' && text[at + 1] === '}') return at;
  }
  // With an odd quote the first braces are the better guess; the parser then names the quote.
  return quoted ? text.indexOf('}}', from) : -1;
}
