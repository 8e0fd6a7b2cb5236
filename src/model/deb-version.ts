/** Debian's version numbers: their form (Debian Policy 5.6.12) and their order, as dpkg has it. */

const form = /^(?:\d{1,9}:[A-Za-z0-9.+~:-]+|[A-Za-z0-9.+~-]+)$/u;

export function isDebVersion(text: string): boolean {
  return form.test(text);
}

/** Negative when `a` is older than `b`, positive when it is newer, 0 when dpkg takes them for equal. */
export function compareDebVersions(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [split(a), split(b)];
  return (
    left.epoch - right.epoch ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision)
  );
}

function split(text: string): { readonly epoch: number; readonly upstream: string; readonly revision: string } {
  const colon = text.indexOf(':');
  const dash = text.lastIndexOf('-');
  const end = dash > colon ? dash : text.length;
  return {
    epoch: colon < 0 ? 0 : Number(text.slice(0, colon)),
    upstream: text.slice(colon + 1, end),
    // No revision is the same as revision 0.
    revision: text.slice(end + 1),
  };
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Where a character stands: "~" before the end, the end before letters, letters before all else. */
function rank(text: string, at: number): number {
  const code = at < text.length ? text.charCodeAt(at) : 0;
  if (code === 0 || isDigit(code)) return 0;
  if (code === 126) return -1;
  const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return isLetter ? code : code + 256;
}

/** Runs of other characters and runs of digits by turns. */
function compareParts(a: string, b: string): number {
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a.charCodeAt(i))) || (j < b.length && !isDigit(b.charCodeAt(j)))) {
      const order = rank(a, i) - rank(b, j);
      if (order !== 0) return order;
      i += 1;
      j += 1;
    }
    const [left, right] = [digitsAt(a, i), digitsAt(b, j)];
    i += left.length;
    j += right.length;
    const order = compareDigits(left, right);
    if (order !== 0) return order;
  }
  return 0;
}

function digitsAt(text: string, from: number): string {
  let end = from;
  while (end < text.length && isDigit(text.charCodeAt(end))) end += 1;
  return text.slice(from, end);
}

/** As text, since dates with more digits than a double has are in use. */
function compareDigits(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/u, ''), b.replace(/^0+/u, '')];
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}
