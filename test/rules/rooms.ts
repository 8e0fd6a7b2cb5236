import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { readSource, type ImportStatement } from './read-source.ts';

/** A place that may be imported: a folder (ends in a slash), a file, or a pattern. */
type Place = string | RegExp;

/** The walls of one room. The first room in the table that holds a file is the file's room. */
interface Room {
  name: string;
  holds: readonly Place[];
  /** Ours, at run time and as types. The room itself needs no mention, unless it is `apart`. */
  mayImport: readonly Place[];
  /** Ours, only by `import type`. */
  mayImportTypes?: readonly Place[];
  npm?: readonly string[];
  builtins: 'all' | readonly string[];
  /** The room's files do not know each other. */
  apart?: true;
  /** May import what it computes at run time. */
  computedImports?: true;
  readsEnvironment?: true;
  /** The room may have no file yet. Give the reason. */
  mayBeEmpty?: string;
}

const PACKAGE_ROOT = 'src/package-root.ts';
const APP: Place = /^src\/app(?:-[\w-]+)?\.ts$/;
const PURE_BUILTINS = ['node:util', 'node:path', 'node:crypto', 'node:assert'];

const rooms: readonly Room[] = [
  { name: 'errors', holds: ['src/errors/'], mayImport: [], builtins: [] },
  {
    name: 'model/schemas',
    holds: ['src/model/schemas.ts'],
    mayImport: ['src/model/', 'src/errors/'],
    npm: ['zod'],
    builtins: PURE_BUILTINS,
    mayBeEmpty: 'the schemas are one file; the model can do without it',
  },
  { name: 'model', holds: ['src/model/'], mayImport: ['src/errors/'], builtins: PURE_BUILTINS },
  {
    name: 'engine',
    holds: ['src/engine/'],
    mayImport: ['src/model/', 'src/errors/'],
    npm: ['xstate', 'yaml', 'zod', '@actions/expressions', 'p-retry'],
    builtins: ['node:crypto', 'node:zlib', 'node:util', 'node:events', 'node:timers/promises'],
  },
  {
    name: 'host',
    holds: ['src/host/'],
    mayImport: ['src/model/', 'src/errors/', PACKAGE_ROOT],
    npm: ['execa', 'undici', 'tar', 'p-retry', 'pino'],
    builtins: 'all',
  },
  {
    name: 'snapshots',
    holds: ['src/snapshots/'],
    mayImport: ['src/host/', 'src/model/', 'src/errors/', PACKAGE_ROOT],
    builtins: 'all',
  },
  {
    name: 'steps/index',
    holds: ['src/steps/index.ts'],
    mayImport: ['src/steps/', 'src/engine/step.ts', 'src/errors/'],
    mayImportTypes: ['src/engine/'],
    builtins: [],
  },
  {
    name: 'steps/lib',
    holds: ['src/steps/lib/', 'src/steps/define-step.ts'],
    mayImport: ['src/model/', 'src/errors/', 'src/engine/step.ts'],
    mayImportTypes: ['src/engine/', 'src/host/', 'src/snapshots/'],
    npm: ['zod', 'p-retry'],
    builtins: [...PURE_BUILTINS, 'node:timers/promises', 'node:events', 'node:stream'],
  },
  {
    name: 'steps',
    holds: ['src/steps/'],
    mayImport: ['src/steps/lib/', 'src/steps/define-step.ts', 'src/model/', 'src/errors/', 'src/engine/step.ts'],
    mayImportTypes: ['src/engine/', 'src/host/', 'src/snapshots/'],
    npm: ['zod', 'p-retry'],
    builtins: [...PURE_BUILTINS, 'node:timers/promises', 'node:events', 'node:stream'],
    apart: true,
  },
  {
    name: 'bundled plugins',
    holds: [/^src\/plugins\/[^/]+\//],
    mayImport: ['src/plugin.ts'],
    builtins: [],
    // A plugin's files see each other; two plugins do not: see pluginOf.
  },
  {
    name: 'plugins',
    holds: ['src/plugins/'],
    mayImport: ['src/engine/', 'src/errors/', PACKAGE_ROOT],
    npm: ['zod'],
    builtins: 'all',
    computedImports: true,
  },
  {
    name: 'cli',
    holds: ['src/cli/'],
    mayImport: ['src/model/', 'src/errors/', APP, PACKAGE_ROOT],
    mayImportTypes: ['src/engine/'],
    npm: ['commander', 'log-update', 'pino'],
    builtins: 'all',
  },
  {
    name: 'testing',
    holds: ['src/testing/'],
    mayImport: [
      ...['src/engine/', 'src/host/', 'src/snapshots/', 'src/model/', 'src/errors/'],
      ...['src/steps/define-step.ts', PACKAGE_ROOT],
    ],
    npm: ['zod'],
    builtins: 'all',
  },
  {
    name: 'app',
    holds: [APP],
    mayImport: [
      ...['src/engine/', 'src/host/', 'src/snapshots/', 'src/steps/', 'src/plugins/', 'src/model/', 'src/errors/'],
      PACKAGE_ROOT,
    ],
    npm: ['pino'],
    builtins: 'all',
    readsEnvironment: true,
  },
  {
    name: 'bin',
    holds: ['src/bin.ts'],
    mayImport: ['src/cli/', 'src/errors/', APP, PACKAGE_ROOT],
    builtins: 'all',
    readsEnvironment: true,
  },
  {
    name: 'plugin check',
    holds: ['src/plugin-check.ts'],
    mayImport: ['src/engine/', 'src/plugins/', 'src/testing/'],
    builtins: ['node:url'],
    computedImports: true,
  },
  {
    name: 'index',
    holds: ['src/index.ts'],
    mayImport: ['src/engine/', 'src/model/', 'src/errors/', APP, PACKAGE_ROOT],
    mayImportTypes: ['src/host/', 'src/snapshots/'],
    builtins: [],
  },
  {
    name: 'plugin',
    holds: ['src/plugin.ts'],
    mayImport: [
      ...['src/engine/', 'src/model/', 'src/errors/'],
      ...['src/steps/define-step.ts', 'src/steps/lib/run-in-tree.ts'],
    ],
    mayImportTypes: ['src/host/', 'src/snapshots/'],
    npm: ['zod'],
    builtins: [],
  },
  {
    name: 'testing entry',
    holds: ['src/testing.ts'],
    mayImport: ['src/testing/', 'src/engine/', 'src/model/', 'src/errors/'],
    mayImportTypes: ['src/host/', 'src/snapshots/'],
    builtins: [],
  },
  { name: 'package root', holds: [PACKAGE_ROOT], mayImport: [], builtins: ['node:fs', 'node:path'] },
];

/** The engine knows nothing of Linux; not even its comments may. */
const LINUX_WORDS = /\b(?:debootstrap|nspawn|apt|dpkg|qemu|chroot|overlay|btrfs|debian|ubuntu)\b/i;

const FORBIDDEN_CODE: readonly { found: RegExp; says: string; fine?: (room: Room) => boolean }[] = [
  { found: /\bconsole\s*[.[]/, says: 'console: write to the streams that cli was given' },
  {
    found: /\bprocess\s*\??\.\s*exit\b|\bprocess\s*\[/,
    says: 'process.exit: set process.exitCode in bin.ts',
  },
  {
    found: /\bprocess\s*\??\.\s*env\b/,
    says: 'process.env: only app*.ts and bin.ts read the environment',
    fine: (room) => room.readsEnvironment === true,
  },
  { found: /\brequire\s*\(/, says: 'require(): use import' },
];

/** One broken wall, as `file:line message`. */
export type Violation = string;

function isIn(file: string, places: readonly Place[] = []): boolean {
  return places.some((place) => {
    if (typeof place !== 'string') return place.test(file);
    return place.endsWith('/') ? file.startsWith(place) : file === place;
  });
}

const roomOf = (file: string): Room | undefined => rooms.find((room) => isIn(file, room.holds));
const pluginOf = (file: string): string | undefined => /^src\/plugins\/[^/]+\//.exec(file)?.[0];

function listSources(root: string): string[] {
  return readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted();
}

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

function judgeOurs(room: Room, file: string, target: string, { kind }: ImportStatement): string | undefined {
  if (!target.startsWith('src/')) return `imports ${target}, which is outside src`;
  if (isIn(target, room.mayImport)) return undefined;
  const neighbours = roomOf(target) === room && pluginOf(target) === pluginOf(file);
  if (neighbours && (room.apart !== true || target === file)) return undefined;
  const isTypeWall = isIn(target, room.mayImportTypes);
  if (isTypeWall && kind === 'type') return undefined;
  return isTypeWall ? `imports ${target} at run time; only types may come from there` : `may not import ${target}`;
}

function judgeImport(room: Room, file: string, statement: ImportStatement): string | undefined {
  const { specifier } = statement;
  if (specifier === undefined) return room.computedImports ? undefined : 'may not import what is computed at run time';
  if (specifier.startsWith('.')) {
    return judgeOurs(room, file, posix.join(posix.dirname(file), specifier), statement);
  }
  if (isBuiltin(specifier)) {
    if (!specifier.startsWith('node:')) return `imports ${specifier} without "node:"`;
    if (specifier === 'node:process') return 'may not import node:process: use the global where it is allowed';
    return room.builtins === 'all' || room.builtins.includes(specifier) ? undefined : `may not import ${specifier}`;
  }
  return room.npm?.includes(packageOf(specifier)) ? undefined : `may not import the package ${specifier}`;
}

function judgeFile(root: string, file: string): Violation[] {
  const room = roomOf(file);
  if (room === undefined) return [`${file}:1 is in no room`];
  if (!file.endsWith('.ts')) return [`${file}:1 is not a .ts file`];
  const text = readFileSync(join(root, file), 'utf8');
  const { code, imports } = readSource(text);
  const violations: Violation[] = [];
  for (const statement of imports) {
    const fault = judgeImport(room, file, statement);
    if (fault !== undefined) violations.push(`${file}:${statement.line} ${fault}`);
  }
  const codeLines = code.split('\n');
  for (const [index, line] of text.split('\n').entries()) {
    const at = `${file}:${index + 1}`;
    const word = room.name === 'engine' ? LINUX_WORDS.exec(line)?.[0] : undefined;
    if (word !== undefined) violations.push(`${at} says "${word}": the engine knows nothing of Linux`);
    for (const { found, says, fine } of FORBIDDEN_CODE) {
      if (found.test(codeLines[index] ?? '') && fine?.(room) !== true) violations.push(`${at} ${says}`);
    }
  }
  return violations;
}

/** All broken walls of the tree whose `src` folder stands in `root`. A room without a file is one, too. */
export function checkRooms(root: string): Violation[] {
  const files = listSources(root);
  const empty = rooms.filter((room) => room.mayBeEmpty === undefined && !files.some((file) => roomOf(file) === room));
  return [
    ...empty.map((room) => `${String(room.holds[0])} the room ${room.name} is empty or missing`),
    ...files.flatMap((file) => judgeFile(root, file)),
  ];
}
