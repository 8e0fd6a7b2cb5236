/** Expressions beyond plain names: lexed and parsed by GitHub's own library, walked by us for what it would let pass. */
import { data, Evaluator, Lexer, Parser, type Expr } from '@actions/expressions';
import {
  ContextAccess,
  FunctionCall,
  Grouping,
  IndexAccess,
  Literal,
  Logical,
  Binary,
  Unary,
} from '@actions/expressions/ast';
import { TokenType, type Token } from '@actions/expressions/lexer';
import { nearest } from '../model/nearest.ts';
import { contextData, functions, toJsonValue } from './expression-data.ts';
import type { ExpressionContext, ExpressionPart, ExpressionProblem, NameSegment, Reference } from './template.ts';

/** Longer ones belong into a step. */
const maxLength = 4000;
const functionNames = ['contains', 'startsWith', 'endsWith', 'format', 'join', 'toJSON', 'fromJSON'] as const;
const knownFunctions = new Set<string>(functionNames.map((name) => name.toLowerCase()));

/** `innerStart` is where `inner` begins in the template. */
export function readExpression(
  inner: string,
  innerStart: number,
): Pick<ExpressionPart, 'references' | 'problems' | 'run'> {
  const walk = new Walk(inner, innerStart);
  const tree = walk.parse();
  const run = (context: ExpressionContext): ReturnType<ExpressionPart['run']> => {
    if (tree === null) throw new Error('it has no value');
    return toJsonValue(new StrictEvaluator(tree, contextData(context), functions).evaluate());
  };
  return { references: walk.references, problems: walk.problems, run };
}

class Walk {
  readonly references: Reference[] = [];
  readonly problems: ExpressionProblem[] = [];
  readonly #inner: string;
  readonly #innerStart: number;
  readonly #lineStarts: number[] = [0];

  constructor(inner: string, innerStart: number) {
    this.#inner = inner;
    this.#innerStart = innerStart;
    for (let at = inner.indexOf('\n'); at >= 0; at = inner.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1);
  }

  parse(): Expr | null {
    if (this.#inner.trim() === '') return this.#refuse('the expression is empty', 0, this.#inner.length);
    if (this.#inner.length > maxLength)
      return this.#refuse(`the expression is longer than ${maxLength} characters`, 0, 1);
    try {
      const tokens = new Lexer(this.#inner).lex().tokens.map(unescape);
      // Every name passes the parser, so that the walk can say what is wrong with it, and where.
      const names = tokens.filter((token) => token.type === TokenType.IDENTIFIER).map((token) => token.lexeme);
      const anyArity = names.map((name) => ({ name, minArgs: 0, maxArgs: Number.MAX_SAFE_INTEGER }));
      const tree = new Parser(tokens, names, anyArity).parse();
      this.#visit(tree);
      return tree;
    } catch (error) {
      return this.#refuseSyntax(error);
    }
  }

  #visit(expr: Expr): void {
    if (expr instanceof ContextAccess || expr instanceof IndexAccess) this.#visitAccess(expr);
    else if (expr instanceof FunctionCall) this.#visitCall(expr);
    else if (expr instanceof Grouping) this.#visit(expr.group);
    else if (expr instanceof Unary) this.#visit(expr.expr);
    else if (expr instanceof Binary) [expr.left, expr.right].forEach((side) => this.#visit(side));
    else if (expr instanceof Logical) expr.args.forEach((argument) => this.#visit(argument));
  }

  #visitCall(call: FunctionCall): void {
    const name = call.functionName.lexeme;
    if (!knownFunctions.has(name.toLowerCase())) {
      const near = nearest(name, functionNames);
      const [start, end] = this.#span(call.functionName);
      this.#refuse(
        `there is no function '${name}'`,
        start,
        end,
        near === null ? `there are ${functionNames.join(', ')}` : `did you mean '${near}'?`,
      );
    }
    call.args.forEach((argument) => this.#visit(argument));
  }

  #visitAccess(access: ContextAccess | IndexAccess): void {
    const steps: IndexAccess[] = [];
    let base: Expr = access;
    while (base instanceof IndexAccess) {
      steps.unshift(base);
      base = base.expr;
    }
    if (!(base instanceof ContextAccess)) this.#visit(base);
    const segments: NameSegment[] = base instanceof ContextAccess ? [this.#segment(base.name.lexeme, base.name)] : [];
    let open = false;
    for (const { index } of steps) {
      const fixed = index instanceof Literal && !open ? index : null;
      if (fixed === null) {
        open = true;
        this.#visit(index);
      } else segments.push(this.#segment(fixed.literal.coerceString(), fixed.token));
    }
    const [root] = segments;
    if (!(base instanceof ContextAccess) || root === undefined) return;
    this.references.push({ root: root.name, path: segments.slice(1).map((segment) => segment.name), segments, open });
  }

  #segment(name: string, token: Token): NameSegment {
    const [start, end] = this.#span(token);
    return { name, start: this.#innerStart + start, end: this.#innerStart + end };
  }

  #span(token: Token): [number, number] {
    const start = this.#offset(token.range.start);
    return [start, Math.min(start + Math.max(1, token.lexeme.length), this.#inner.length)];
  }

  /** After a text that holds a line break the lexer's columns lead too far. */
  #offset({ line, column }: { readonly line: number; readonly column: number }): number {
    return Math.min((this.#lineStarts[line] ?? 0) + column, this.#inner.length);
  }

  #refuse(message: string, start: number, end: number, hint: string | null = null): null {
    this.problems.push({ message, hint, start: this.#innerStart + start, end: this.#innerStart + end });
    return null;
  }

  #refuseSyntax(error: unknown): null {
    const message = (error instanceof Error ? error.message : String(error)).replace(
      /\. Located at position .*$/su,
      '',
    );
    const place = /Located at position (\d+)/u.exec(error instanceof Error ? error.message : '');
    const pos = (error as { readonly pos?: { readonly line: number; readonly column: number } }).pos;
    const start = pos === undefined ? Number(place?.[1] ?? 1) - 1 : this.#offset(pos);
    const quoteHint = message.includes('"') ? "texts stand in single quotes: 'like this'" : null;
    return this.#refuse(message.charAt(0).toLowerCase() + message.slice(1), start, start + 1, quoteHint);
  }
}

/** The lexer undoubles the first '' of a text only. */
function unescape(token: Token): Token {
  if (token.type !== TokenType.STRING) return token;
  return { ...token, value: token.lexeme.slice(1, -1).replaceAll("''", "'") };
}

/** The library says nothing for a name that an object does not have; for a name written out, we refuse. */
class StrictEvaluator extends Evaluator {
  override visitIndexAccess(access: IndexAccess): data.ExpressionData {
    const { index } = access;
    if (index instanceof Literal && index.token.type === TokenType.IDENTIFIER) {
      const owner = this.eval(access.expr);
      const isObject = owner.kind === data.Kind.Dictionary;
      if (isObject && owner.get(index.token.lexeme) === undefined)
        throw new Error(`there is no '${index.token.lexeme}'`);
    }
    return super.visitIndexAccess(access);
  }
}
