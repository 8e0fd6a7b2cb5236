/** Runs every `console` block of the pages, in order, with the files that their `yaml` blocks hold. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { program } from './support/machinespawn.ts';

const root = join(import.meta.dirname, '../..');
/** Where the reader of a page is. */
const home = '/home/you';

interface Session {
  readonly command: string;
  readonly output: string;
}

describe.each(['README.md', 'docs/guides/pipelines.md', 'docs/guides/plugins.md'])('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8');

  it('shows what really happens', { timeout: 120_000 }, () => {
    const place = mkdtempSync(join(tmpdir(), 'machinespawn-readme-'));
    try {
      for (const block of [...blocksOf(text, 'yaml'), ...blocksOf(text, 'ts')]) {
        const name = /^(?:#|\/\/) (\S+\.(?:yaml|ts))$/mu.exec(block)?.[1];
        if (name === undefined) throw new RangeError(`a block of ${page} says no name of a file`);
        mkdirSync(dirname(join(place, name)), { recursive: true });
        writeFileSync(join(place, name), block);
      }
      const environment = environmentIn(place);
      const sessions = blocksOf(text, 'console').flatMap(sessionsOf);
      expect(sessions.length).toBeGreaterThan(2);
      for (const { command, output } of sessions) {
        // Both streams in the order in which they were written, as a terminal would show them.
        const done = spawnSync('bash', ['-c', `exec 2>&1\n${command}`], {
          cwd: place,
          env: environment,
          encoding: 'utf8',
        });
        expect(`$ ${command}\n${loosely(done.stdout.replaceAll(place, home))}`).toBe(
          `$ ${command}\n${loosely(output)}`,
        );
      }
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });
});

function blocksOf(text: string, language: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gmsu'))].map(([, body = '']) => body);
}

function sessionsOf(block: string): readonly Session[] {
  return block
    .split(/^\$ /mu)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { command: part.slice(0, end), output: part.slice(end + 1) };
    });
}

/** Times, ids, versions and the widths of columns are those of another day. */
function loosely(text: string): string {
  return text
    .replaceAll(/\d{8}-\d{6}-[a-z0-9]{4}/gu, 'RUN')
    .replaceAll(/(?<=machinespawn (?:resume|runs rm) )[a-z0-9]{4}\b/gu, 'ID')
    .replaceAll(/\b\d+(?:\.\d+)?(?:ms|s)\b/gu, 'TIME')
    .replaceAll(/\b(?:just now|\d+ seconds? ago)/gu, 'LATELY')
    .replaceAll(/machinespawn \d+\.\d+\.\d+/gu, 'machinespawn VERSION')
    .replaceAll(/[ \t]+/gu, ' ')
    .trim();
}

/** `npx machinespawn` without npm: this Node and this build, with places of their own. */
function environmentIn(place: string): NodeJS.ProcessEnv {
  const programs = join(place, '.bin');
  mkdirSync(programs);
  writeFileSync(join(programs, 'npx'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  writeFileSync(join(programs, 'machinespawn'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`, {
    mode: 0o755,
  });
  return {
    PATH: `${programs}:${process.env['PATH'] ?? ''}`,
    HOME: place,
    LANG: 'C.UTF-8',
    MACHINESPAWN_STATE_DIR: join(place, '.state'),
    MACHINESPAWN_CACHE_DIR: join(place, '.cache'),
    MACHINESPAWN_MACHINES_DIR: join(place, '.machines'),
  };
}
