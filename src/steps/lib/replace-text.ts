import type { RootFiles } from '../../host/services.ts';
import type { Context } from '../define-step.ts';

/** Changes the text of a file of a tree; mode and owner stay. Nothing where there is no such file, or a link. */
export async function replaceText(
  { services }: Pick<Context, 'services'>,
  root: RootFiles,
  path: string,
  change: (text: string) => string,
): Promise<void> {
  const info = await root.info(path);
  const text = info?.type === 'file' ? await root.readText(path) : null;
  if (info === null || text === null || change(text) === text) return;
  await root.writeText(path, change(text), { mode: info.mode });
  if (info.uid === 0 && info.gid === 0) return;
  // No symlink is in that path.
  const place = await root.resolve(path);
  await services.exec({
    file: 'chown',
    args: ['--no-dereference', `${info.uid}:${info.gid}`, '--', place],
    sandbox: false,
  });
}
