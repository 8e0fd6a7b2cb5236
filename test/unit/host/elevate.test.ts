import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const run = promisify(execFile);

/** A sudo that grants what `policy` (a condition of sh) lets through, and says how it was called for the real thing. */
async function elevated(policy: string, env: Record<string, string>, mayAsk = false): Promise<string> {
  const [sudo, caller] = [join(scratch, 'sudo'), join(scratch, 'caller.ts')];
  writeFileSync(sudo, `#!/bin/sh\nif [ "$1" = -n ]; then ${policy}; exit; fi\necho "$*"; env | grep -i proxy; true\n`);
  chmodSync(sudo, 0o755);
  const module = join(import.meta.dirname, '../../../src/host/elevate.ts');
  const options = { argv: ['node', '/our/script', '--all'], environment: env, mayAsk, isAllowed: true, sudo };
  writeFileSync(
    caller,
    `import { elevate } from ${JSON.stringify(module)};\n` +
      `try { elevate(${JSON.stringify(options)}); } catch (error) { console.log(error.code); }\n`,
  );
  return (await run(process.execPath, [caller], { env: { PATH: '/usr/bin:/bin' } })).stdout;
}

const env = {
  PATH: '/usr/bin:/bin',
  http_proxy: 'http://u:pw@p:1',
  NO_PROXY: 'x',
  all_proxy: '',
  OTHER: 'y',
  NODE_EXTRA_CA_CERTS: '/ca.pem',
};

test('the proxy and the authority of the environment go on through sudo, and never as an argument', async () => {
  const said = await elevated('true', env);
  const [line = ''] = said.split('\n');
  expect(line).toMatch(/^--preserve-env=http_proxy,NO_PROXY,NODE_EXTRA_CA_CERTS -- .*\/our\/script --all$/u);
  expect(line).not.toContain('pw');
  expect(said).toContain('\nhttp_proxy=http://u:pw@p:1\n');
  expect(await elevated('true', { PATH: '/usr/bin:/bin' })).toMatch(/^-- /u);
});

test('where sudo lets nothing through, it goes on without; where it wants a password, it is asked', async () => {
  expect(await elevated('case "$2" in --preserve*) false;; esac', env)).toMatch(/^-- /u);
  expect(await elevated('false', env, true)).toMatch(/^--preserve-env=/u);
  expect(await elevated('false', env)).toBe('MSP_ROOT_NEEDED\n');
});
