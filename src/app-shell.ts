/** A look around in the tree that a step made. */
import { randomBytes } from 'node:crypto';
import type { AppRuns } from './app-runs.ts';
import type { World } from './app-world.ts';
import { plainId } from './engine/matrix.ts';
import type { RunView } from './engine/run-summary.ts';
import { fail } from './errors/machinespawn-error.ts';
import { keyOfTree, treeRefsIn } from './host/tree-ref.ts';
import { nearest } from './model/nearest.ts';

/**
 * In a writable snapshot of it, thrown away afterwards. Gives the exit code of the shell.
 * Throws MSP_RUN_NOT_FOUND, MSP_RUN_NO_TREE, MSP_SNAPSHOT_MISSING, MSP_SNAPSHOT_DAMAGED.
 */
export async function shellIn(world: World, runs: AppRuns, run: string, step: string | null): Promise<number> {
  const view = await runs.find(run);
  const { ref, id } = treeOf(view, step);
  const key = keyOfTree(ref) ?? '';
  const { signal } = new AbortController();
  const store = await world.openSnapshots();
  await store.verify(key);
  const writable = await store.prepare(key, `shell-${randomBytes(6).toString('hex')}`);
  try {
    process.stderr.write(
      `A shell in what step '${id}' made; leave it with 'exit', and what you change is thrown away.\n`,
    );
    const { exitCode } = await world.exec.onTerminal(
      { file: 'sh', args: ['-c', enter, 'sh', writable.path] },
      { signal },
    );
    return exitCode;
  } finally {
    await store.discard(writable);
  }
}

/** The tree's own shell; a tree without one is looked at with the host's. What is mounted is gone with the sandbox. */
const enter =
  '[ -d "$1/proc" ] && mount -t proc proc "$1/proc" 2>/dev/null; for shell in /bin/bash /bin/sh; do [ -x "$1$shell" ] && exec chroot "$1" "$shell"; done; cd "$1" && exec /bin/sh';

function treeOf(view: RunView, step: string | null): { readonly ref: string; readonly id: string } {
  const steps = view.plan?.steps ?? [];
  const named = steps.filter((one) => step === null || one.id === step || plainId(one) === step);
  if (named.length === 0)
    throw fail('MSP_RUN_NO_TREE', {
      run: view.id,
      step,
      nearest: nearest(
        step ?? '',
        steps.map(({ id }) => id),
      ),
    });
  const made = named.flatMap(({ id }) => {
    const [ref] = treeRefsIn(view.record?.steps.get(id)?.outputs ?? null);
    return ref === undefined ? [] : [{ ref, id }];
  });
  const last = made.at(-1);
  if (last === undefined) throw fail('MSP_RUN_NO_TREE', { run: view.id, step, nearest: null });
  return last;
}
