import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import type { Artifacts } from '../host/services.ts';
import { artifactRef, digestOfArtifact } from '../model/artifact.ts';
import { insideRoot } from './inside-root.ts';
import type { Moments } from './moments.ts';
import { directories, type World } from './world.ts';

export function pretendArtifacts(world: World, moments: Moments): Artifacts {
  const pending = `${directories.work}/files`;
  return {
    create: (name) =>
      moments.call(`create(${name})`, 'writes', () => {
        mkdirSync(join(world.root, pending), { recursive: true });
        return `${pending}/${name}`;
      }),
    keep: (path) =>
      moments.call(`keep(${basename(path)})`, 'writes', () => {
        const from = insideRoot(world.root, path, false);
        if (!existsSync(from)) throw fail('MSP_FILE_UNREADABLE', { path, problem: 'there is no such file' });
        const content = readFileSync(from);
        const sha256 = createHash('sha256').update(content).digest('hex');
        const to = join(world.root, directories.artifacts, sha256);
        if (existsSync(to)) rmSync(from);
        else renameSync(from, to);
        return { artifact: artifactRef(sha256), name: basename(path), sizeBytes: content.length, sha256 };
      }),
    open: (ref) =>
      moments.call(`open(${ref.slice(0, 17)})`, 'reads', () => {
        const path = `${directories.artifacts}/${digestOfArtifact(ref) ?? 'none'}`;
        if (!world.has(path)) throw fail('MSP_ARTIFACT_MISSING', { artifact: ref });
        return path;
      }),
  };
}
