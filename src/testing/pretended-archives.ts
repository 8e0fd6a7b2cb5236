import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../errors/machinespawn-error.ts';
import type { Archives, UnpackReport, UnpackRequest } from '../host/archive-services.ts';
import { contentOf, type ArchiveForm, type Compression, type Content } from '../model/archive-form.ts';
import type { Moments } from './moments.ts';
import type { World } from './world.ts';

const form = /^(?:(gzip|xz|bzip2|zstd) )?(tar|raw|qcow2|damaged)(?=[\s{]|$)/u;

/**
 * Pretended archives are texts: `tar {"etc/os-release": "ID=debian"}`, `xz raw …`, `gzip damaged`. In a tar, null is a
 * directory.
 */
export function pretendArchives(world: World, moments: Moments): Archives {
  const textOf = (path: string): string => readFileSync(world.real(path), 'utf8');
  return {
    recognize: (start) =>
      moments.call('recognize', 'reads', (): ArchiveForm => {
        const [, compression, content] = form.exec(start.toString('utf8')) ?? [];
        if (content === undefined) return { compression: 'none', content: contentOf(start) };
        const known = content === 'damaged' ? 'tar' : (content as Content);
        return { compression: (compression ?? 'none') as Compression, content: known };
      }),
    unpack: (request) =>
      moments.call(`unpack(${request.archive})`, 'writes', (inside) =>
        unpack(world, textOf(request.archive), request, inside),
      ),
    look: (request) =>
      moments.call(`look(${request.archive})`, 'reads', () => {
        const names = filesOf(textOf(request.archive), request.name);
        for (const [path, content] of names)
          request.onEntry({ path, type: content === null ? 'directory' : 'file', target: '' });
        return { entries: names.length };
      }),
    follow: (request) => {
      const { promise: report, resolve, reject } = Promise.withResolvers<UnpackReport>();
      report.catch(() => {});
      return {
        grown: () => {},
        lost: () => {
          reject(fail('MSP_CANCELLED', { reason: 'it is of no use' }));
        },
        whole: () => {
          const text = textOf(request.archive);
          const follow = moments.call(`follow(${request.archive})`, 'writes', (inside) =>
            unpack(world, text, request, inside),
          );
          follow.then(resolve, reject);
        },
        report,
      };
    },
    writeImage: ({ archive, name, directory }) =>
      moments.call(`writeImage(${archive})`, 'writes', (inside) => {
        const text = textOf(archive);
        if (text.includes('damaged')) throw fail('MSP_IMAGE_DAMAGED', { archive: name, problem: 'unexpected end' });
        const image = join(world.real(directory), 'image');
        writeFileSync(image, '');
        inside();
        writeFileSync(image, text.replace(form, '').trimStart());
      }),
  };
}

/** Names with contents; null is a directory. */
function filesOf(text: string, archive: string): readonly (readonly [string, string | null])[] {
  if (/\bdamaged\b/u.test(text)) throw fail('MSP_TAR_DAMAGED', { archive, problem: 'it ends in the middle' });
  const names = Object.entries(JSON.parse(text.replace(form, '')) as Readonly<Record<string, string | null>>);
  const entry = names.map(([path]) => path).find((path) => path.split('/').includes('..'));
  if (entry !== undefined) throw fail('MSP_TAR_UNSAFE', { archive, entry, problem: "its name has '..' in it" });
  return names;
}

function unpack(world: World, text: string, request: UnpackRequest, inside: () => void): UnpackReport {
  // As `--exclude=.wh.*` of tar.
  const isLeftOut = ([path]: readonly [string, unknown]): boolean =>
    request.options?.includes('--exclude=.wh.*') === true && path.includes('.wh.');
  const strip = Number(/--strip-components=(\d+)/u.exec(request.options?.join(' ') ?? '')?.[1] ?? 0);
  const names = filesOf(text, request.name)
    .filter((one) => !isLeftOut(one))
    .map(([path, content]) => [path.split('/').slice(strip).join('/'), content] as const)
    .filter(([path]) => path !== '');
  for (const [index, [path, content]] of names.entries()) {
    if (index === 1) inside();
    const real = join(world.real(request.to), path);
    mkdirSync(content === null ? real : dirname(real), { recursive: true });
    if (content !== null) writeFileSync(real, content);
  }
  return { entries: names.length };
}
