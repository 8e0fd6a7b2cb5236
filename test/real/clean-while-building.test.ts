/** clean-cache beside a build, and after one that was killed: nothing that is still needed goes, and what went is made again. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packagesServed, startCountingMirror, type CountingMirror } from './support/counting-mirror.ts';
import { parseEvent } from './support/kill-chain.ts';
import { machinespawnOk, newPlace, start } from './support/machinespawn.ts';

let mirror: CountingMirror;
beforeAll(async () => {
  mirror = await startCountingMirror();
});
afterAll(async () => {
  await mirror.close();
});

it('packages stay while a build runs; cleaned away after a kill, they are fetched again', async () => {
  const place = newPlace('clean-while');
  const packages = join(place.cache, 'packages/debian');
  // less is unpacked only while the others are configured.
  const command = [
    ...['bootstrap', 'bookworm', 'bread', '--mirror', mirror.url],
    ...['--variant', 'minbase', '--include', 'less', '--with', 'fast'],
  ];
  const clean = async (): Promise<void> => void (await machinespawnOk(place, ['clean-cache', '--packages', '-y']));
  const build = start(place, ['--progress', 'json', ...command]);
  const configures = new Promise<void>((resolve) => {
    build.onLine((line) => {
      const event = parseEvent(line);
      if (event?.step === 'configure' && event.type === 'step.progress') resolve();
    });
  });
  await Promise.race([configures, build.ended]);
  build.child.kill('SIGSTOP');
  await clean();
  expect(existsSync(packages)).toBe(true);
  build.kill('SIGKILL');
  expect((await build.ended).code).toBe(128 + 9);

  await clean();
  expect(existsSync(packages)).toBe(false);
  mirror.forget();
  await machinespawnOk(place, command);
  expect(packagesServed(mirror).length).toBeGreaterThan(80);
  const { stdout } = await machinespawnOk(place, ['run', 'bread', '--', 'less', '--version']);
  expect(stdout).toMatch(/^less \d+/u);
});
