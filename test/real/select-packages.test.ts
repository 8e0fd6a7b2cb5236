/** Packages are chosen as debootstrap chooses them, fetched once, and kept where debootstrap finds them too. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PackageSelection } from '../../src/model/package-selection.ts';
import { packagesServed, startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { errorOf, machinespawn, machinespawnOk, newPlace, type Place } from './support/machinespawn.ts';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const pipeline = `
format: 1
id: only-packages
summary: Choose and fetch packages
inputs:
  image: { type: image-spec, summary: Image }
  arch: { type: string, default: amd64, summary: Architecture }
  variant: { type: string, default: minbase, summary: Variant }
  include: { type: list, default: [], summary: More packages }
  mirror: { type: string, summary: Archive }
  others: { type: list, default: [], summary: Further suites }
steps:
  - id: archive
    uses: resolve-archive
    with:
      image: \${{ inputs.image }}
      arch: \${{ inputs.arch }}
      mirror: \${{ inputs.mirror }}
      suites: \${{ inputs.others }}
  - id: suites
    uses: resolve-suites
    with: { archive: "\${{ steps.archive.outputs }}", roles: "\${{ inputs.others }}" }
  - id: select
    uses: select-packages
    with:
      archive: \${{ steps.archive.outputs }}
      arch: \${{ inputs.arch }}
      variant: \${{ inputs.variant }}
      include: \${{ inputs.include }}
      suites: \${{ steps.suites.outputs.suites }}
  - id: fetch
    uses: fetch-packages
    with: { selection: "\${{ steps.select.outputs.selection }}" }
outputs:
  selection: \${{ steps.select.outputs.selection }}
`;

let mirror: CountingMirror;
let place: Place;
let file: string;
beforeAll(async () => {
  mirror = await startCountingMirror();
  place = newPlace('packages');
  file = join(place.root, 'only-packages.yaml');
  writeFileSync(file, pipeline);
});
afterAll(async () => {
  await mirror.close();
});

const inputs = (given: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries({ mirror: mirror.url, ...given }).flatMap(([name, value]) => ['-i', `${name}=${value}`]);

async function select(given: Readonly<Record<string, string>>): Promise<PackageSelection> {
  const { stdout } = await machinespawnOk(place, ['pipeline', 'run', file, '--json', ...inputs(given)]);
  const { outputs } = JSON.parse(stdout) as { readonly outputs: { readonly selection: string } };
  const path = join(place.cache, 'lists/selections', `${outputs.selection}.json`);
  return JSON.parse(readFileSync(path, 'utf8')) as PackageSelection;
}
const namesOf = ({ packages }: PackageSelection): readonly string[] => packages.map(({ name }) => name);

/** The mirror is of this process, so nothing may block it. */
async function debootstrap(options: readonly string[], suite: string): Promise<string> {
  const target = join(place.root, `debootstrap-${suite}-${options.length}`);
  const args = [`--keyring=${keyring}`, ...options, suite, target, mirror.url];
  return (await promisify(execFile)('debootstrap', args)).stdout;
}

async function debootstrapChoice(suite: string, ...options: readonly string[]): Promise<readonly string[]> {
  const lines = (await debootstrap(['--print-debs', ...options], suite)).split('\n');
  const words = lines.filter((line) => !/^[A-Z]: /u.test(line)).join(' ');
  return [...new Set(words.split(/\s+/u).filter((name) => name !== ''))].toSorted();
}

/** The lists of packages that were asked for. */
const listsOf = (suite: string): readonly string[] =>
  mirror.served.map(({ path }) => path).filter((path) => path.includes(`/${suite}/main/binary-amd64/`));

describe('what is chosen', () => {
  it('is what debootstrap chooses: bookworm amd64, minbase, with nano', async () => {
    const ours = namesOf(await select({ image: 'debian-bookworm', include: 'nano' }));
    expect(ours).toEqual(await debootstrapChoice('bookworm', '--variant=minbase', '--include=nano'));
  });

  it('is what debootstrap chooses: trixie arm64, default', async () => {
    const ours = namesOf(await select({ image: 'debian-trixie', arch: 'arm64', variant: 'default' }));
    expect(ours).toEqual(await debootstrapChoice('trixie', '--arch=arm64'));
  });

  it('is complete where that of debootstrap is not: systemd-container has a bus', async () => {
    const given = { image: 'debian-bookworm', include: 'nano,systemd-container' };
    mirror.forget();
    const ours = namesOf(await select(given));
    expect(ours).toEqual(expect.arrayContaining(['systemd-container', 'dbus', 'libdbus-1-3']));
    // The list of packages was read before, and so were most packages.
    const lists = mirror.served.filter(({ path }) => path.includes('/binary-amd64/'));
    expect(lists).toEqual([]);
    expect(packagesServed(mirror).length).toBeGreaterThan(0);
    expect(packagesServed(mirror).length).toBeLessThan(60);
  });

  it('comes from further suites too, when that is asked for', async () => {
    mirror.forget();
    const selection = await select({ image: 'debian-bookworm', others: 'updates' });
    expect(namesOf(selection)).toContain('apt');
    expect(listsOf('bookworm-updates')).toHaveLength(1);
  });

  it('comes from backports only where nothing else has it', async () => {
    mirror.forget();
    const versions = ({ packages }: PackageSelection) => packages.map(({ name, version }) => `${name} ${version}`);
    const plain = versions(await select({ image: 'debian-bookworm' }));
    expect(versions(await select({ image: 'debian-bookworm', others: 'backports' }))).toEqual(plain);
    expect(listsOf('bookworm-backports')).toHaveLength(1);
  });
});

describe('the packages', () => {
  it('are where debootstrap finds them: it fetches none', async () => {
    mirror.forget();
    const store = join(place.cache, 'packages/debian');
    await debootstrap(['--download-only', '--variant=minbase', '--include=nano', `--cache-dir=${store}`], 'bookworm');
    expect(mirror.served.length).toBeGreaterThan(0);
    expect(packagesServed(mirror)).toEqual([]);
  });

  it('that are bad are fetched again; good ones are not', async () => {
    const store = join(place.cache, 'packages/debian');
    const [one] = (await select({ image: 'debian-bookworm' })).packages.filter(({ name }) => name === 'hostname');
    const path = join(store, `${one?.name}_${one?.version}_${one?.arch}.deb`);
    writeFileSync(path, 'spoilt');
    mirror.forget();
    let isFirst = true;
    mirror.fault = (asked) => {
      if (!asked.endsWith('.deb') || !isFirst) return null;
      isFirst = false;
      return 'bytes';
    };
    const { stderr } = await machinespawnOk(place, [
      ...['pipeline', 'run', file, '--refresh', 'fetch', ...inputs({ image: 'debian-bookworm' })],
    ]);
    mirror.fault = null;
    expect(stderr).toContain('hostname');
    expect(packagesServed(mirror)).toHaveLength(2);
    expect(readFileSync(path)).toHaveLength(one?.sizeBytes ?? 0);
  });

  it('that the archive has no longer are told of', async () => {
    mirror.fault = (asked) => (asked.includes('/hello_') ? { status: 404 } : null);
    const ended = await machinespawn(place, [
      ...['pipeline', 'run', file, '--json', ...inputs({ image: 'debian-bookworm', include: 'hello' })],
    ]);
    mirror.fault = null;
    expect(ended.code).toBe(7);
    expect(errorOf(ended)).toMatchObject({ code: 'MSP_PACKAGE_GONE' });
    expect(existsSync(join(place.cache, 'packages/debian/.partial'))).toBe(true);
  });

  it('are shown and cleaned with the lists, and are there again when they are asked for anew', async () => {
    const shown = JSON.parse((await machinespawnOk(place, ['cache', 'ls', '--json'])).stdout) as {
      readonly id: string;
    }[];
    expect(shown.map(({ id }) => id)).toEqual(expect.arrayContaining(['debian', 'lists']));
    await machinespawnOk(place, ['clean-cache', '--packages', '--yes']);
    expect(existsSync(join(place.cache, 'lists'))).toBe(false);
    await machinespawnOk(place, ['pipeline', 'run', file, '--no-cache', ...inputs({ image: 'debian-bookworm' })]);
    expect(existsSync(join(place.cache, 'lists'))).toBe(true);
  });
});
