/** The pipeline that ships, as a user runs it: killed in each step, built once more, changed, and booted by BIOS and by UEFI. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { parseEvent } from './support/kill-chain.ts';
import { descendantsOf, leaksOf } from './support/leaks.ts';
import { machinespawn, machinespawnOk, newPlace, start, type Place } from './support/machinespawn.ts';

const environment = { SOURCE_DATE_EPOCH: '1767225600' };
/** Looked at anew whenever the run is opened; `try-…` are left out unless they are asked for. */
const lookers = ['host', 'proxy', 'archive', 'suites', 'date'];
const makers = [
  'first-stage',
  'second-stage',
  'base',
  'loader',
  'kernel',
  'software',
  'report',
  'configure',
  'squash',
  'iso',
];

let mirror: CountingMirror;
let place: Place;
beforeAll(async () => {
  mirror = await startCountingMirror();
  place = newPlace('iso');
});
afterAll(async () => {
  await mirror.close();
});

function command(...more: readonly string[]): readonly string[] {
  const inputs = { mirror: mirror.url, kernel: 'linux-image-cloud-amd64', serial: 'ttyS0,115200', 'menu-seconds': '0' };
  const given = Object.entries(inputs).flatMap(([name, value]) => ['-i', `${name}=${value}`]);
  return ['pipeline', 'run', 'live-iso', '-i', 'arch=amd64', ...given, ...more];
}

/** GRUB's modules are data: its arm64 ones do beside the programs of another architecture. The system is only pretended. */
const armSteps = `
  - id: modules
    uses: run
    with:
      tree: \${{ steps.loader.outputs.tree }}
      network: true
      script: |
        dpkg --add-architecture arm64
        apt-get --quiet update
        cd /tmp
        apt-get --quiet download grub-efi-arm64-bin:arm64
        dpkg-deb --extract grub-efi-arm64-bin_*.deb /
  - id: system
    uses: pretended/system
    with: { tree: '\${{ steps.base.outputs.tree }}' }
  - id: squash
    uses: squashfs
    with: { tree: '\${{ steps.system.outputs.tree }}', exclude: [usr, var] }
  - id: iso
    uses: iso/write-iso
    with:
      tree: \${{ steps.system.outputs.tree }}
      squashfs: \${{ steps.squash.outputs.file }}
      loader: \${{ steps.modules.outputs.tree }}
      arch: arm64
outputs: { iso: '\${{ steps.iso.outputs.file }}' }
`;

/** A plugin's step that runs a program in a tree, within its bounds. */
const pretended = `
import { definePlugin, defineStep, runInTree, z } from 'machinespawn/plugin';
const tree = z.strictObject({ tree: z.string().describe('The tree') });
const system = defineStep({
  id: 'system', summary: 'Pretend a kernel', version: 1, input: tree, output: tree, reuse: 'always', needs: { root: true },
  async run(context) {
    const changed = await context.services.trees.change(context.input.tree);
    const script = 'mkdir -p /usr/share/initramfs-tools/scripts; cd /boot; ' +
      'touch /usr/share/initramfs-tools/scripts/live vmlinuz-6.1-arm64 initrd.img-6.1-arm64';
    await runInTree(context, changed, { command: ['/bin/sh', '-c', script] });
    return { tree: changed.ref };
  },
});
export default definePlugin({ name: 'pretended', apiVersion: 1, summary: 'Pretend', steps: { system: async () => system } });
`;

interface Outcome {
  readonly runId: string;
  readonly outputs: { readonly iso: { readonly sha256: string; readonly sizeBytes: number }; readonly kernel: string };
}

async function build(...more: readonly string[]): Promise<Outcome & { readonly ran: readonly string[] }> {
  const { stdout, stderr } = await machinespawnOk(place, ['--progress', 'json', ...command('--json', ...more)], {
    env: environment,
  });
  const events = stderr.split('\n').map(parseEvent);
  const ran = events.flatMap((event) => (event?.type === 'step.started' ? [event.step ?? ''] : []));
  return { ...(JSON.parse(stdout) as Outcome), ran: ran.filter((step) => !lookers.includes(step)).toSorted() };
}

/** Kills it some time after each of these steps began. */
async function buildUnderFire(
  moments: readonly (readonly [step: string, afterMs: number])[],
): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const [step, afterMs] of moments) {
    const run = start(place, ['--progress', 'json', ...command()], { env: environment });
    let family: ReadonlyMap<number, string> = new Map();
    let timer: NodeJS.Timeout | null = null;
    run.onLine((line) => {
      const event = parseEvent(line);
      if (event?.type !== 'step.started' || event.step !== step || timer !== null) return;
      timer = setTimeout(() => {
        family = descendantsOf(run.pid);
        run.kill('SIGKILL');
      }, afterMs);
    });
    const { code } = await run.ended;
    clearTimeout(timer ?? undefined);
    if (code !== 128 + 9) faults.push(`${step}: it was not hit`);
    for (const leak of await leaksOf(place.root, family)) faults.push(`${step}: ${leak}`);
  }
  return faults;
}

/** How often each step came to its end in a run. */
function endsIn(runId: string): Readonly<Record<string, number>> {
  const directory = join(place.state, 'runs', runId);
  const journal = readdirSync(directory).find((name) => name.startsWith('journal')) ?? '';
  const ends: Record<string, number> = {};
  for (const [, step = ''] of readFileSync(join(directory, journal), 'utf8').matchAll(
    /"type":"DONE","step":"([\w-]+)"/gu,
  )) {
    ends[step] = (ends[step] ?? 0) + 1;
  }
  return ends;
}

async function forecast(...more: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await machinespawnOk(place, command('--dry-run', '--json', ...more), { env: environment });
  const { steps } = JSON.parse(stdout) as { steps: readonly { readonly id: string; readonly cache: string }[] };
  return Object.fromEntries(steps.map(({ id, cache }) => [id, cache]));
}

describe('the live ISO', () => {
  let digest = '';

  it('ends in the same bytes when it is killed in each of its steps, and does no finished step twice', async () => {
    const faults = await buildUnderFire([
      ['first-stage', 1500],
      ['second-stage', 2500],
      ['base', 300],
      ['loader', 3000],
      ['kernel', 9000],
      ['software', 300],
      ['report', 150],
      ['configure', 400],
      ['squash', 1500],
      ['iso', 250],
    ]);
    expect(faults).toEqual([]);
    const { runId, outputs } = await build();
    const ends = endsIn(runId);
    expect(makers.map((step) => [step, ends[step]])).toEqual(makers.map((step) => [step, 1]));
    digest = outputs.iso.sha256;
    // Everything behind the bootstrap once more: nothing but the bytes is shared.
    const again = makers.slice(3).flatMap((step) => ['--refresh', step]);
    const undisturbed = await build(...again);
    expect(undisturbed.ran).toEqual(makers.slice(3).toSorted());
    expect(undisturbed.outputs.iso.sha256).toBe(digest);
  });

  it('is made again from where its inputs differ, and not for a comment', async () => {
    expect(Object.entries(await forecast()).filter(([, cache]) => cache === 'miss')).toEqual([]);
    const other = await forecast('-i', 'packages=ed');
    expect(makers.map((step) => other[step])).toEqual([...Array(5).fill('hit'), 'miss', ...Array(4).fill('unknown')]);
    const file = join(place.root, 'live-iso.yaml');
    const shipped = readFileSync(join(import.meta.dirname, '../../pipelines/live-iso.yaml'), 'utf8');
    writeFileSync(file, shipped.replace('steps:', '# a comment\nsteps:'));
    const words = command('--dry-run', '--json').map((word) => (word === 'live-iso' ? file : word));
    const { stdout } = await machinespawnOk(place, words, { env: environment });
    expect(stdout).not.toMatch(/"cache": "(?:miss|unknown)"/u);
    const { ran, outputs } = await build('-i', 'volume=OTHER');
    expect(ran).toEqual(['iso']);
    expect(outputs.iso.sha256).not.toBe(digest);
    const path = join(place.cache, 'artifacts', outputs.iso.sha256);
    // ECMA-119, 8.4.7: the volume identifier of the first descriptor.
    expect(readFileSync(path).subarray(0x8028, 0x8048).toString('latin1').trim()).toBe('OTHER');
  });

  it('boots by BIOS from a drive and by UEFI from a disk, to a login prompt and no failed unit', async () => {
    const { runId, ran } = await build('-i', 'boot-test=true');
    expect(ran).toEqual(['try-bios', 'try-uefi']);
    for (const step of ran) {
      const log = readFileSync(join(place.state, 'runs', runId, 'steps', step, '1.log'), 'utf8');
      expect(log).toMatch(/boot report: running, root on overlay, 0 units failed/u);
      expect(log).toMatch(/live login:/u);
    }
  });

  it('for arm64 has a program for its firmware, in a partition and in the boot catalog', async () => {
    const shipped = readFileSync(join(import.meta.dirname, '../../pipelines/live-iso.yaml'), 'utf8');
    const [head = ''] = shipped.split('  - id: kernel\n');
    const file = join(place.root, 'live-iso.yaml');
    writeFileSync(file, head.replace('format: 1', 'format: 1\nplugins: ./pretended.ts') + armSteps);
    writeFileSync(join(place.root, 'pretended.ts'), pretended);
    const words = command('--json', '--trust-plugins').map((word) => (word === 'live-iso' ? file : word));
    const { stdout } = await machinespawnOk(place, words, { env: environment });
    const disc = join(place.cache, 'artifacts', (JSON.parse(stdout) as Outcome).outputs.iso.sha256);
    const report = spawnSync(
      'xorriso',
      ['-indev', disc, '-report_el_torito', 'plain', '-report_system_area', 'plain'],
      { encoding: 'utf8' },
    );
    expect(report.stdout).toMatch(/^El Torito boot img : +1 +UEFI +y/mu);
    expect(report.stdout).not.toMatch(/BIOS/u);
    const start = Number(/^GPT start and size : +2 +(\d+)/mu.exec(report.stdout)?.[1]);
    const program = spawnSync('mcopy', ['-i', `${disc}@@${start * 512}`, '::/EFI/BOOT/BOOTAA64.EFI', '-']).stdout;
    // PE format: the header is where 0x3c says, and the machine 0xaa64 is 64-bit ARM.
    expect(program.readUInt16LE(program.readUInt32LE(0x3c) + 4)).toBe(0xaa64);
  });

  it('says early what it cannot be made of', async () => {
    const { code, stderr } = await machinespawn(place, command('-i', 'volume=no good'), { env: environment });
    expect(code).toBe(3);
    expect(stderr).toMatch(/volume/u);
  });
});
