/** Prepares, changes, commits and materializes until somebody kills it. Arguments: directory driver parent key target. */
import { openSnapshotStore } from '../../../src/snapshots/open-snapshot-store.ts';
import type { RunTool } from '../../../src/snapshots/run-tool.ts';
import type { DriverName } from '../../../src/snapshots/snapshot-store.ts';
import { runTool } from './run-tool.ts';
import { changeTree } from './torture-tree.ts';

const [, , directory = '', driver = '', parent = '', key = '', target = ''] = process.argv;
// Each program is a moment at which the victim can be killed.
const run: RunTool = async (file, args, options) => {
  process.stdout.write('call\n');
  return runTool(file, args, options);
};
const store = await openSnapshotStore({
  directory,
  driver: driver as DriverName,
  privateNamespace: true,
  run,
});
const writable = await store.prepare(parent, 'victim');
await changeTree(writable.path);
await store.commit(writable, key);
process.stdout.write('committed\n');
await store.materialize(key, target);
process.stdout.write('done\n');
