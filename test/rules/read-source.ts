/** How a module is pulled in. Only `type` vanishes from the program that runs. */
type ImportKind = 'type' | 'runtime';

export interface ImportStatement {
  /** What stands between the quotes; undefined where it is computed at run time. */
  specifier: string | undefined;
  kind: ImportKind;
  line: number;
}

interface Source {
  /** The text with comments, strings and regular expressions blanked out, offsets unchanged. */
  code: string;
  imports: ImportStatement[];
}

// A slash after one of these begins a regular expression; after anything else it divides.
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|await|yield))$/;

const STATIC_IMPORT = /\b(import|export)\s+(type\s+(?!from\b)|)(?:[\w$*{][^'"();=]*?\bfrom\s*)?(["'])/g;
const DYNAMIC_IMPORT = /\b(?:import|require)\s*\(\s*(["'`]?)/g;

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

function endOfQuoted(text: string, start: number, quote: string): number {
  let at = start + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length - 1);
}

function endOfRegex(text: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text[at];
    if (char === '\n') return start;
    if (char === '\\') at += 1;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) return at;
  }
  return start;
}

function endOfComment(text: string, start: number): number {
  const [mark, extra] = text[start + 1] === '*' ? (['*/', 1] as const) : (['\n', -1] as const);
  const found = text.indexOf(mark, start + 2);
  return found < 0 ? text.length - 1 : found + extra;
}

/** Keeps the quotes themselves, so that an import's specifier can be found by its offset. */
function blankNonCode(text: string): string {
  let code = '';
  // One entry for each open `${`: how many braces are open inside it.
  const templates: number[] = [];
  const copyTemplate = (start: number): number => {
    let at = start;
    while (at < text.length && text[at] !== '`') {
      if (text.startsWith('${', at)) {
        code += '${';
        templates.push(0);
        return at + 2;
      }
      const length = text[at] === '\\' ? 2 : 1;
      code += blank(text.slice(at, at + length));
      at += length;
    }
    code += '`';
    return at + 1;
  };
  let at = 0;
  while (at < text.length) {
    const char = text[at] ?? '';
    const next = text[at + 1];
    if (char === '/' && (next === '/' || next === '*')) {
      const end = endOfComment(text, at);
      code += blank(text.slice(at, end + 1));
      at = end + 1;
    } else if (char === '"' || char === "'") {
      const end = endOfQuoted(text, at, char);
      code += char + blank(text.slice(at + 1, end)) + char;
      at = end + 1;
    } else if (char === '`') {
      code += char;
      at = copyTemplate(at + 1);
    } else if (char === '/' && BEFORE_REGEX.test(code.slice(-400).trimEnd())) {
      const end = endOfRegex(text, at);
      code += blank(text.slice(at, end + 1));
      at = end + 1;
    } else {
      const depth = templates.at(-1);
      if (depth !== undefined && char === '{') templates[templates.length - 1] = depth + 1;
      if (depth !== undefined && char === '}') {
        if (depth === 0) {
          templates.pop();
          code += char;
          at = copyTemplate(at + 1);
          continue;
        }
        templates[templates.length - 1] = depth - 1;
      }
      code += char;
      at += 1;
    }
  }
  return code;
}

/** TypeScript 7 has no API for programs, so imports are found by their form, with strings and comments out of the way. */
export function readSource(text: string): Source {
  const code = blankNonCode(text);
  const imports: ImportStatement[] = [];
  const add = (at: number, quoteAt: number | undefined, kind: ImportKind): void => {
    const quote = quoteAt === undefined ? '' : (text[quoteAt] ?? '');
    const specifier = quoteAt === undefined ? undefined : text.slice(quoteAt + 1, text.indexOf(quote, quoteAt + 1));
    const computed = specifier === undefined || (quote === '`' && specifier.includes('${'));
    imports.push({
      specifier: computed ? undefined : specifier,
      kind,
      line: text.slice(0, at).split('\n').length,
    });
  };
  for (const match of code.matchAll(STATIC_IMPORT)) {
    const isFrom = /\bfrom\s*["']$/.test(match[0]);
    if (match[1] === 'export' && !isFrom) continue;
    add(match.index, match.index + match[0].length - 1, match[2] === '' ? 'runtime' : 'type');
  }
  for (const match of code.matchAll(DYNAMIC_IMPORT)) {
    add(match.index, match[1] === '' ? undefined : match.index + match[0].length - 1, 'runtime');
  }
  return { code, imports };
}
