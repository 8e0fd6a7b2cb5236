import { engine } from './engine-tmp.ts';
import { mkdtempSync } from 'node:fs';
const t = await engine.run({ work: mkdtempSync('/tmp/eb-'), pairs: 3, say: (x) => console.error(x) });
for (const { rows } of t) for (const r of rows) console.log(r.what, r.cells.join(' | '));
