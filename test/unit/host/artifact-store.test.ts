import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { ArtifactStore } from '../../../src/host/artifact-store.ts';
import { artifactsIn } from '../../../src/model/artifact.ts';
import { expectCode, scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const text = 'content of a file';
const sha256 = createHash('sha256').update(text).digest('hex');
const ref = `artifact:${sha256}`;
const nothing = `artifact:${'0'.repeat(64)}`;
let store = new ArtifactStore('');
let count = 0;

beforeEach(() => {
  count += 1;
  store = new ArtifactStore(`${scratch}/${count}`);
});

function made(name = 'a.txt', content = text): string {
  writeFileSync(`${scratch}/${name}`, content);
  return `${scratch}/${name}`;
}

/** As somebody with an editor would, with all its times put back. */
function tamper(content: string): void {
  const path = store.pathOf(ref);
  const { atime, mtime } = statSync(path);
  chmodSync(path, 0o644);
  writeFileSync(path, content);
  chmodSync(path, 0o444);
  utimesSync(path, atime, mtime);
}

describe('a kept file', () => {
  test('is known by its content, gone from where it was, and nobody can write to it', async () => {
    const kept = await store.keep(made());
    expect(kept).toEqual({ artifact: ref, name: 'a.txt', sizeBytes: text.length, sha256 });
    expect(existsSync(`${scratch}/a.txt`)).toBe(false);
    const path = await store.open(ref);
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(statSync(path).mode & 0o777).toBe(0o444);
    expect(await store.state(ref)).toBe('sound');
    expect(artifactsIn({ a: [kept, { artifact: ref }] })).toEqual([kept]);
  });

  test('that is kept again under another name stays as it is', async () => {
    await store.keep(made());
    const { ino } = statSync(store.pathOf(ref));
    expect((await store.keep(made('b.txt'))).name).toBe('b.txt');
    expect(statSync(store.pathOf(ref)).ino).toBe(ino);
    expect(await store.list()).toMatchObject([{ ref, sizeBytes: text.length }]);
  });

  test('that was changed is noticed, of the same length and with its times put back too, and can be kept anew', async () => {
    await store.keep(made());
    tamper(text.toUpperCase());
    expect(await store.state(ref)).toBe('changed');
    await expectCode(store.open(ref), 'MSP_ARTIFACT_DAMAGED');
    await expectCode(store.copyTo(ref, `${scratch}/out`, null), 'MSP_ARTIFACT_DAMAGED');
    await store.keep(made());
    expect(readFileSync(await store.open(ref), 'utf8')).toBe(text);
  });

  test('that is gone is noticed', async () => {
    await store.keep(made());
    rmSync(store.pathOf(ref));
    expect(await store.state(ref)).toBe('missing');
    await expectCode(store.open(ref), 'MSP_ARTIFACT_MISSING');
    await expectCode(store.open(nothing), 'MSP_ARTIFACT_MISSING');
    await expectCode(() => store.pathOf('tree:x'), 'MSP_ARTIFACT_MISSING');
  });

  test('that only its stamp was lost of, or that was copied, is read once and trusted again', async () => {
    await store.keep(made());
    rmSync(`${store.pathOf(ref)}.stamp`);
    expect(await store.state(ref)).toBe('sound');
    expect(existsSync(`${store.pathOf(ref)}.stamp`)).toBe(true);
    tamper(text);
    expect(await store.state(ref)).toBe('sound');
    await store.remove(ref);
    expect(await store.list()).toEqual([]);
  });

  test('is given away as a copy that replaces what is there', async () => {
    await store.keep(made());
    writeFileSync(`${scratch}/out.txt`, 'before');
    await store.copyTo(ref, `${scratch}/out.txt`, null);
    expect(readFileSync(`${scratch}/out.txt`, 'utf8')).toBe(text);
    expect(statSync(`${scratch}/out.txt`).mode & 0o777).toBe(0o644);
    await expectCode(store.copyTo(ref, `${scratch}/none/out.txt`, null), 'MSP_FILE_UNWRITABLE');
  });
});

test('only plain files with plain names are kept', async () => {
  await expectCode(store.keep(`${scratch}/none.txt`), 'MSP_FILE_UNREADABLE');
  renameSync(made(), `${scratch}/-odd name`);
  await expectCode(store.keep(`${scratch}/-odd name`), 'MSP_FILE_UNWRITABLE');
  symlinkSync('/etc/hostname', `${scratch}/link`);
  await expectCode(store.keep(`${scratch}/link`), 'MSP_FILE_UNREADABLE');
  expect(await store.list()).toEqual([]);
});

test('what a killed step left unfinished is told of', async () => {
  const place = store.pendingPlace('run.step');
  expect(await store.pending()).toEqual([]);
  mkdirSync(place, { recursive: true });
  expect(await store.pending()).toEqual(['run.step']);
});

test('a file is copied out by a user who is not root', async () => {
  const place = mkdtempSync(join(tmpdir(), 'machinespawn-own-'));
  const isRoot = process.geteuid?.() === 0;
  const nobody = 65_534;
  if (isRoot) chownSync(place, nobody, nobody);
  try {
    if (isRoot) process.seteuid?.(nobody);
    writeFileSync(join(place, 'a.txt'), text);
    const own = new ArtifactStore(join(place, 'store'));
    const kept = await own.keep(join(place, 'a.txt'));
    await own.copyTo(kept.artifact, join(place, 'out.txt'), null);
    expect(readFileSync(join(place, 'out.txt'), 'utf8')).toBe(text);
    expect(statSync(join(place, 'out.txt')).mode & 0o777).toBe(0o644);
  } finally {
    if (isRoot) process.seteuid?.(0);
    rmSync(place, { recursive: true, force: true });
  }
});
