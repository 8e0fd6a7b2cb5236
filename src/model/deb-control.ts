/** The control file of a binary package (deb-control(5)). */
import { fail } from '../errors/machinespawn-error.ts';

export interface DebControl {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  /** Lower-case name -> name as written, and value with its continuation lines, in the order of the file. */
  readonly fields: ReadonlyMap<string, { readonly name: string; readonly value: string }>;
}

const fieldLine = /^([A-Za-z0-9][!-9;-~]*):[ \t]*(.*)$/u;
const required = ['package', 'version', 'architecture'] as const;
const forms: Readonly<Record<(typeof required)[number], RegExp>> = {
  package: /^[a-z0-9][a-z0-9+.-]+$/u,
  version: /^(?:\d+:)?[A-Za-z0-9][A-Za-z0-9.+~:-]*$/u,
  architecture: /^[a-z0-9][a-z0-9-]*$/u,
};

/** @param of whose control file it is, for messages. Throws MSP_PACKAGE_BROKEN. */
export function parseDebControl(text: string, of: string): DebControl {
  const broken = (problem: string) =>
    fail('MSP_PACKAGE_BROKEN', { package: of, problem: `its control file: ${problem}` });
  const fields = new Map<string, { name: string; value: string }>();
  let last: { name: string; value: string } | null = null;
  for (const [index, line] of text.replace(/\n+$/u, '').split('\n').entries()) {
    if (/^[ \t]+\S/u.test(line)) {
      if (last === null) throw broken(`line ${index + 1} continues nothing`);
      last.value += `\n${line}`;
      continue;
    }
    const [, name, value] = fieldLine.exec(line) ?? [];
    if (name === undefined || value === undefined)
      throw broken(`line ${index + 1} is no field: '${line.slice(0, 60)}'`);
    if (fields.has(name.toLowerCase())) throw broken(`${name} is there twice`);
    last = { name, value: value.trimEnd() };
    fields.set(name.toLowerCase(), last);
  }
  const [name = '', version = '', arch = ''] = required.map((field) => {
    const value = fields.get(field)?.value ?? '';
    if (!forms[field].test(value)) throw broken(`${field} is '${value.slice(0, 60)}'`);
    return value;
  });
  return { name, version, arch, fields };
}
