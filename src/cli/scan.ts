/** A first look along the arguments, which knows only which options take a value. */
import { flagOf, takesValue, type OptionDeclarations } from './command.ts';

export interface Scan {
  /** Plain words with their place; those after "--" too. */
  readonly words: readonly { readonly text: string; readonly at: number }[];
  /** Options as written, without their values: "--arch", "-q", "-xy". */
  readonly flags: readonly { readonly text: string; readonly at: number }[];
  /** Place of "--", or the number of arguments. */
  readonly end: number;
}

/** `wordsUntil`: stop after so many plain words, because what follows is not ours. */
export function scan(
  argv: readonly string[],
  options: OptionDeclarations,
  wordsUntil = Number.POSITIVE_INFINITY,
): Scan {
  const words: { text: string; at: number }[] = [];
  const flags: { text: string; at: number }[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const text = argv[at] ?? '';
    if (text === '--') {
      for (let rest = at + 1; rest < argv.length; rest += 1) words.push({ text: argv[rest] ?? '', at: rest });
      return { words, flags, end: at };
    }
    if (!isOption(text)) {
      if (words.length >= wordsUntil) return { words, flags, end: at };
      words.push({ text, at });
      continue;
    }
    flags.push({ text: text.split('=', 1)[0] ?? text, at });
    if (consumesNext(text, options)) at += 1;
  }
  return { words, flags, end: argv.length };
}

export function isOption(text: string): boolean {
  return text.startsWith('-') && text !== '-';
}

/** Is one of these options among the flags, also inside a cluster such as -qh? */
export function hasFlag(found: Scan, key: string, options: OptionDeclarations): boolean {
  const long = flagOf(key);
  const short = options[key]?.short;
  return found.flags.some(({ text }) =>
    text.startsWith('--') ? text === long : short !== undefined && shortLetters(text, options).includes(short),
  );
}

function consumesNext(text: string, options: OptionDeclarations): boolean {
  if (text.startsWith('--')) {
    if (text.includes('=')) return false;
    return Object.entries(options).some(([key, option]) => flagOf(key) === text && takesValue(option));
  }
  const letters = shortLetters(text, options);
  const last = letters.at(-1);
  return (
    letters.length === text.length - 1 &&
    Object.values(options).some((option) => option.short === last && takesValue(option))
  );
}

/** Letters of a cluster up to the first that takes the rest as its value: "-qj4" -> q, j. */
function shortLetters(text: string, options: OptionDeclarations): readonly string[] {
  const letters: string[] = [];
  for (const letter of text.slice(1)) {
    letters.push(letter);
    if (Object.values(options).some((option) => option.short === letter && takesValue(option))) break;
  }
  return letters;
}
