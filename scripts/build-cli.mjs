// Bundles the command line with its npm packages: reading a few large files starts faster than many small ones.
// Each dynamic import stays a chunk of its own, so a command reads only what it uses.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build as bundle } from 'esbuild';

// All public entries share the bundle's chunks: a plugin that the command line loads must meet the same
// error class and the same zod as the command line itself.
// plugin-check is the process in which `plugins check` tries a plugin.
const ENTRIES = ['bin', 'index', 'plugin', 'testing', 'plugin-check'];

// CommonJS packages inside an ES module bundle call require() for Node's own modules.
const BANNER =
  "import { createRequire as createRequireOfBundle } from 'node:module';\n" +
  'const require = createRequireOfBundle(import.meta.url);';

/**
 * A build uses nearly all built-in steps. In the bundle they are one chunk: each file more costs half a millisecond.
 * @type {import('esbuild').Plugin}
 */
const STEPS_IN_ONE_CHUNK = {
  name: 'steps-in-one-chunk',
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/]steps[\\/]index\.ts$/ }, ({ path }) => {
      const imports = [];
      const text = readFileSync(path, 'utf8').replaceAll(
        /\(await import\('(\.\/[\w-]+\.ts)'\)\)\.(\w+)/g,
        (_whole, file, name) => {
          imports.push(`import { ${name} } from '${file}';`);
          return name;
        },
      );
      if (imports.length === 0) throw new Error(`${path} has no table of dynamic imports any more`);
      return { contents: `${imports.join('\n')}\n${text}`, loader: 'ts' };
    });
  },
};

/**
 * The built-in pipelines are read and checked now, and not each time that one is run.
 * @param {string} root
 * @returns {import('esbuild').Plugin}
 */
const compiledPipelines = (root) => ({
  name: 'compiled-pipelines',
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/]app-compiled-pipelines\.ts$/ }, () => {
      const packaged = join(root, 'node_modules/node/bin/node');
      const node = existsSync(packaged) ? packaged : process.execPath;
      const { status, stdout, stderr, error } = spawnSync(node, [join(root, 'scripts/compile-pipelines.ts')], {
        cwd: root,
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`the built-in pipelines cannot be read: ${error?.message ?? stderr}`);
      return { contents: `export const compiledPipelines = ${stdout};`, loader: 'js' };
    });
  },
});

/**
 * @param {string} root folder of package.json
 * @param {string} outdir
 */
export async function buildCli(root, outdir) {
  const entryPoints = ENTRIES.map((name) => join(root, 'src', `${name}.ts`));
  const missing = entryPoints.filter((file) => !existsSync(file));
  if (missing.length > 0) throw new Error(`entries are missing: ${missing.join(', ')}`);
  await bundle({
    absWorkingDir: root,
    entryPoints,
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.19',
    banner: { js: BANNER },
    chunkNames: 'chunks/[name]-[hash]',
    plugins: [STEPS_IN_ONE_CHUNK, compiledPipelines(root)],
    legalComments: 'linked',
    logLevel: 'warning',
  });
}
