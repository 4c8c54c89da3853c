/**
 * npm run bench: what the agent costs, in rows (rows/index.ts), each of which can be run alone.
 *
 *   npm run bench -- --rows loki,live --rounds 5
 *   npm run bench -- --rows loki --tree ../before --tree .         one build beside another, in turns
 *   npm run bench -- --rows loki --node node --node ./node-26      one Node beside another
 *   npm run bench -- --rows loki --rounds 1 --profile profiles     with CPU profiles
 *   npm run bench -- --rows loki --peers                           the collectors on the PATH on the work of this row (peers/)
 *   npm run bench -- --prove --lines 20000                         no rows, but proofs (prove/proofs.ts)
 *
 * In each round every subject runs every row, and before each run the floor is measured (floor.ts). Prints medians beside goals
 * and beside bench/baseline.json, which is the result of an earlier run; writes everything as JSON.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { withScratch } from './agent-run.js';
import { Floor } from './floor.js';
import { type Workload, workload } from './generate.js';
import { peersHere } from './peers/index.js';
import { runPeer } from './peers/peer.js';
import { proveDurable, proveKilled } from './prove/proofs.js';
import { writeRecord } from './record.js';
import { describe, type Measurement, number, type Round, readBaseline, summarize } from './report.js';
import type { Figures, Row } from './row.js';
import { ROWS } from './rows/index.js';
import { subjects } from './subject.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    files: { type: 'string', default: '10' },
    lines: { type: 'string', default: '300000' },
    rows: { type: 'string', default: Object.keys(ROWS).join(',') },
    tree: { type: 'string', multiple: true },
    node: { type: 'string', multiple: true },
    profile: { type: 'string' },
    prove: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    baseline: { type: 'string', default: 'bench/baseline.json' },
    out: { type: 'string', default: 'bench/results.json' },
  },
});

let made: Workload | undefined;
const work = (): Workload => {
  made ??= workload(Number(values.files), Number(values.lines));
  return made;
};

const wanted = values.rows.split(',').flatMap((key) => {
  const row = ROWS[key];
  if (!row) throw new Error(`--rows takes ${Object.keys(ROWS).join(', ')}, not ${key}.`);
  const missing = row.missing?.();
  if (missing === undefined) return [{ key, row }];
  console.log(`${key} is left out: ${missing}`);
  return [];
});
const all = subjects(values.tree, values.node);
for (const { label, version, build, main } of all)
  console.log(`${label}: revision ${build.revision}, digest ${build.digest}, Node ${version}, ${main}`);

if (values.prove) {
  for (const subject of all) {
    for (const [name, prove] of Object.entries({ durable: proveDurable, killed: proveKilled }))
      console.log(`${name}: ${await withScratch((scratch) => prove(work(), { subject }, scratch))}`);
  }
  process.exit();
}

/** Who runs a row in each round. */
interface Contender {
  readonly label: string;
  /** `turn` names row, contender and round. */
  readonly run: (row: Row, turn: string, scratch: string) => Promise<Figures>;
}

const builds = all.map(
  (subject): Contender => ({
    label: subject.label,
    run: (row, turn, scratch) =>
      row.run({
        way: { subject, profile: values.profile && path.join(values.profile, turn) },
        work,
        scratch,
      }),
  }),
);
const peers = values.peers ? peersHere() : [];
if (values.peers && peers.length === 0) console.log('--peers: no collector that is known is on the PATH.');
for (const { peer, version } of peers) console.log(`${peer.label}: ${version}`);
const others = peers.map(
  ({ peer }): Contender => ({
    label: peer.label,
    run: (_row, _turn, scratch) => runPeer(peer, work(), scratch),
  }),
);
const contenders = (key: string): Contender[] => (key === 'loki' ? [...builds, ...others] : builds);

const rounds = new Map<string, Round[]>();
const nameOf = (key: string, label: string): string => `${key} ${label}`;
const floor = await Floor.start(work());
const begun = performance.now();
try {
  const ofRound = wanted.reduce((sum, { key }) => sum + contenders(key).length, 0);
  const total = Number(values.rounds) * ofRound;
  let done = 0;
  for (let number = 1; number <= Number(values.rounds); number++) {
    for (const { key, row } of wanted) {
      for (const { label, run } of contenders(key)) {
        const name = nameOf(key, label);
        const floorNow = await floor.measure();
        const figures = await withScratch((scratch) => run(row, `${name} ${number}`, scratch));
        rounds.set(name, [...(rounds.get(name) ?? []), { floor: floorNow, figures }]);
        write();
        console.log(progress(++done, total, `${name}, round ${number}`, figures));
      }
    }
  }
} finally {
  floor.close();
}

function progress(done: number, total: number, name: string, figures: object): string {
  const seconds = (performance.now() - begun) / 1000;
  const left = Math.round((seconds / done) * (total - done));
  const shown = Object.entries(figures).map(([figure, value]) => `${figure} ${number(value as number)}`);
  return `[${done}/${total}, ${Math.round(seconds)} s, ${left} s to go] ${name}: ${shown.slice(0, 4).join(', ')}`;
}

/** What there is so far: a run that is cut short has its figures, too. */
function write(): Measurement[] {
  const rows = wanted.flatMap(({ key }) =>
    contenders(key).flatMap(({ label }) => {
      const measured = rounds.get(nameOf(key, label));
      return measured ? [summarize(key, label, measured)] : [];
    }),
  );
  const work = { files: Number(values.files), linesPerFile: Number(values.lines) };
  const measured = all.map(({ label, version, build }) => ({ label, node: version, build }));
  const measuredPeers = peers.map(({ peer, version }) => ({ label: peer.label, version }));
  writeRecord(values.out, { work, subjects: [...measured, ...measuredPeers], rows });
  return rows;
}

const baseline = readBaseline(values.baseline);
const measurements = write();
for (const { key, row } of wanted) {
  const ofRow = measurements.filter((measurement) => measurement.row === key);
  console.log(`\n${describe(row, ofRow, baseline.get(key))}`);
  for (const { subject, medians } of ofRow) {
    const { streamsInexact = 0, linesTooMany = 0 } = medians;
    if (streamsInexact > 0)
      console.log(
        `  ${subject}: ${streamsInexact} streams are not what was written; ${linesTooMany} lines too many`,
      );
  }
}
