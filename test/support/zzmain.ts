import * as engine from './engineUnderTest.js';
import { ModelRun, driveAll } from './modelRun.js';
import { ModelReference } from './modelReference.js';
const seed = Number(process.env.SEED); const program = JSON.parse(process.env.PROGRAM!)[0];
const live = new ModelRun({ engine, program, seed });
await live.begin(); await driveAll([live]); live.leave();
const show = (run: ModelRun) => { for (const w of run.disk.writes) if (w.record) console.log('  ', w.record.seq, w.record.kind, w.record.status ?? '', w.record.effect ?? '', w.record.step ?? '', w.record.label, (w.record.body ?? '').slice(0, 90), w.record.at % 1e6); else console.log('  ', '   ', w.kind); for (const l of run.loads) { console.log('load', l.name); for (const t of l.trace) console.log('     ', t.at, t.place, t.text); } };
console.log('LIVE', live.result); show(live);
const ref0 = new ModelReference(live.loads[0]!, live.disk, live.reached);
for (const cut of live.disk.cuts) {
  const one = new ModelRun({ engine, program, seed }, live.disk.copyAfter(cut));
  await one.recover(live.runId); await driveAll([one]); one.leave();
  const bad = ref0.check(one.loads[0]!, one.reached, live.disk.copyAfter(cut));
  if (bad.length) { console.log('FIRST', cut, bad); show(one); process.exit(); }
  for (const second of one.disk.cuts.filter((c) => c > cut)) {
    const two = new ModelRun({ engine, program, seed }, one.disk.copyAfter(second));
    await two.recover(live.runId); await driveAll([two]); two.leave();
    const ref = new ModelReference(one.loads[0]!, one.disk, one.reached, live.disk.copyAfter(cut));
    const bad = ref.check(two.loads[0]!, two.reached, one.disk.copyAfter(second));
    if (bad.length) { console.log(cut, second, bad); console.log('ONE'); show(one); console.log('TWO'); show(two); process.exit(); }
  }
}
