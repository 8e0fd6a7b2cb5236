import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSource } from './read-source.ts';
import { checkRooms } from './rooms.ts';

const root = join(import.meta.dirname, '../..');

it('keeps every wall of src', () => {
  expect(checkRooms(root)).toEqual([]);
});

describe('the check of the walls', () => {
  let tree = '';
  beforeEach(() => {
    tree = mkdtempSync(join(tmpdir(), 'machinespawn-rooms-'));
    for (const file of CLEAN_TREE) put(file, 'export const value = 1;\n');
  });
  afterEach(() => rmSync(tree, { recursive: true }));

  function put(file: string, text: string): void {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  }

  it('finds nothing in a clean tree', () => {
    put('src/engine/run.ts', "import { value } from '../model/a.ts';\nimport { getNextSnapshot } from 'xstate';\n");
    put('src/steps/echo.ts', "import type { Host } from '../host/a.ts';\nimport { z } from 'zod';\n");
    put('src/steps/index.ts', "export const steps = { echo: () => import('./echo.ts') };\n");
    put('src/app.ts', 'export const home = process.env["HOME"];\n');
    put('src/cli/main.ts', "// console.log and process.exit are words here\nexport const text = 'process.exit';\n");
    expect(checkRooms(tree)).toEqual([]);
  });

  it('fails on an empty room', () => {
    rmSync(join(tree, 'src/snapshots'), { recursive: true });
    expect(checkRooms(tree)).toEqual(['src/snapshots/ the room snapshots is empty or missing']);
  });

  it.each<[file: string, text: string, fault: string]>([
    ['src/lost.ts', '', ':1 is in no room'],
    ['src/attic/a.ts', '', ':1 is in no room'],
    ['src/model/a.js', '', ':1 is not a .ts file'],
    ['src/errors/b.ts', "import '../model/a.ts';", ':1 may not import src/model/a.ts'],
    ['src/model/b.ts', "\nimport fs from 'node:fs';", ':2 may not import node:fs'],
    ['src/model/b.ts', "import { z } from 'zod';", ':1 may not import the package zod'],
    ['src/engine/b.ts', "import type { A } from '../host/a.ts';", ':1 may not import src/host/a.ts'],
    ['src/engine/b.ts', "export * from '../steps/define-step.ts';", ':1 may not import src/steps/define-step.ts'],
    ['src/engine/b.ts', "import { execa } from 'execa';", ':1 may not import the package execa'],
    ['src/engine/b.ts', "import 'node:fs/promises';", ':1 may not import node:fs/promises'],
    ['src/engine/b.ts', '// as apt does', ':1 says "apt": the engine knows nothing of Linux'],
    ['src/engine/b.ts', "const a = 'Debian';", ':1 says "Debian": the engine knows nothing of Linux'],
    ['src/host/b.ts', "import {\n  a,\n} from '../engine/a.ts';", ':1 may not import src/engine/a.ts'],
    ['src/snapshots/b.ts', "import { x } from 'execa';", ':1 may not import the package execa'],
    ['src/steps/b.ts', "import { x } from './echo.ts';", ':1 may not import src/steps/echo.ts'],
    [
      'src/steps/b.ts',
      "import { type Host } from '../host/a.ts';",
      ':1 imports src/host/a.ts at run time; only types may come from there',
    ],
    [
      'src/steps/b.ts',
      "const a = await import('../engine/a.ts');",
      ':1 imports src/engine/a.ts at run time; only types may come from there',
    ],
    ['src/steps/b.ts', "import { spawn } from 'node:child_process';", ':1 may not import node:child_process'],
    ['src/steps/b.ts', 'const a = await import(name);', ':1 may not import what is computed at run time'],
    ['src/steps/b.ts', 'const a = await import(`./${name}.ts`);', ':1 may not import what is computed at run time'],
    ['src/plugins/iso/a.ts', "import { a } from '../../engine/a.ts';", ':1 may not import src/engine/a.ts'],
    ['src/plugins/iso/a.ts', "import { a } from '../oci/b.ts';", ':1 may not import src/plugins/oci/b.ts'],
    ['src/cli/b.ts', "import type { H } from '../host/a.ts';", ':1 may not import src/host/a.ts'],
    ['src/cli/b.ts', "import { a } from '../../test/a.ts';", ':1 imports test/a.ts, which is outside src'],
    ['src/cli/b.ts', "import { run } from 'fs';", ':1 imports fs without "node:"'],
    ['src/app.ts', "import { main } from './cli/a.ts';", ':1 may not import src/cli/a.ts'],
    [
      'src/cli/b.ts',
      'const a = `${process.env.HOME}`;',
      ':1 process.env: only app*.ts and bin.ts read the environment',
    ],
    ['src/bin.ts', '\n\nprocess.exit(1);', ':3 process.exit: set process.exitCode in bin.ts'],
    ['src/cli/b.ts', 'console.log(1);', ':1 console: write to the streams that cli was given'],
    [
      'src/host/b.ts',
      "import { env } from 'node:process';",
      ':1 may not import node:process: use the global where it is allowed',
    ],
  ])('catches %s: %s', (file, text, fault) => {
    put(file, `${text}\n`);
    expect(checkRooms(tree)).toEqual([`${file}${fault}`]);
  });
});

const CLEAN_TREE = [
  ...['errors/a', 'model/a', 'engine/a', 'engine/step', 'host/a', 'snapshots/a', 'steps/define-step', 'steps/echo'],
  ...[
    'steps/index',
    'plugins/load-plugins',
    'plugins/iso/index',
    'cli/a',
    'testing/a',
    'app',
    'bin',
    'index',
    'plugin',
    'plugin-check',
    'testing',
  ],
  'package-root',
].map((name) => `src/${name}.ts`);

describe('the reading of imports', () => {
  const read = (text: string): string[] =>
    readSource(text).imports.map(({ specifier, kind, line }) => `${line} ${kind} ${specifier ?? '?'}`);

  it.each<[text: string, found: string[]]>([
    ["import a from 'a';", ['1 runtime a']],
    ['import a, { b as c } from \'a\'; import * as d from "d"', ['1 runtime a', '1 runtime d']],
    ["import type { A } from 'a';\nexport type { B } from 'b';", ['1 type a', '2 type b']],
    ["import type from 'a';", ['1 runtime a']],
    [
      "export { a } from 'a';\nexport * as b from 'b';\nexport * from 'c'",
      ['1 runtime a', '2 runtime b', '3 runtime c'],
    ],
    ["import 'a';", ['1 runtime a']],
    ["export const a = 'b';\nexport function from() { return 'c'; }", []],
    ["// import a from 'a'\n/* import 'b' */\nconst c = \"import d from 'd'\";", []],
    ["const a = /['\"`]/;\nimport b from 'b';", ['2 runtime b']],
    ["const a = 4 / 2; const b = '/'; import('c')", ['1 runtime c']],
    ["const a = `x ${f({ b: `y` })} import 'z'`;\nimport('c')", ['2 runtime c']],
    ['const a = import(b);', ['1 runtime ?']],
    ["import { a } from 'a' with { type: 'json' };", ['1 runtime a']],
  ])('reads %j', (text, found) => {
    expect(read(text)).toEqual(found);
  });
});
