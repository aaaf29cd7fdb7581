import * as engine from './engineUnderTest.js';
import { Simulation, simulateAll } from './Simulation.js';
const s = new Simulation({ engine, seed: Number(process.env.SEED) });
await simulateAll([s]);
console.log(JSON.stringify(s.clients.map((c) => c.program)));
console.log(s.log.join('\n'));
for (const { row } of s.disk.runs.values()) { console.log('RUN', row.id, row.status); for (const w of s.disk.writes) if (w.run === row.id && w.record) { const r = w.record; console.log('  ', r.seq, r.kind, r.status ?? '', r.effect ?? '', r.step ?? '', r.label, (r.body ?? '').slice(0, 100), r.at % 1e5); } else if (w.run === row.id) console.log('      ', w.kind); }
console.log(s.violations);
