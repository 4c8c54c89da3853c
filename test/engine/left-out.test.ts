/**
 * Logs that rotate ten times a second, read through the API of a real engine: its follower leaves out the rest of a file now
 * and then, and every line arrives for all that, once.
 */
import { expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../src/runtime/log.js';
import { Scope } from '../../src/runtime/scope.js';
import { ApiReaders } from '../../src/sources/docker/api/index.js';
import { Engine } from '../../src/sources/docker/engine.js';
import { FakePipeline } from '../../src/sources/docker/json-file/testing/test-support.js';
import { type ContainedWriter, describeWithEngine, startWriters } from '../support/engine-test.js';
import { writerLines } from '../support/lines.mjs';

const SECONDS = 8;
const PER_SECOND = 1_500;
const COMPLETE_DEADLINE_MS = 30_000;

const writers: ContainedWriter[] = Array.from({ length: 4 }, (_, i) => ({
  name: `left-out-${i}`,
  out: (SECONDS * PER_SECOND * 3) / 4,
  err: (SECONDS * PER_SECOND) / 4,
  seed: 3_000 + i,
  lengths: 'short',
  linesPerSecond: PER_SECOND,
}));

describeWithEngine('an engine that leaves lines out of a log that rotates', (bed) => {
  it('is asked for them', async () => {
    const scope = Scope.root('test', (error) => {
      throw error;
    });
    onTestFinished(async () => scope.close());
    const pipeline = new FakePipeline();
    const readers = new ApiReaders({
      pipeline,
      log: silentLogger,
      startAt: { kind: 'beginning' },
      maxStreams: 50,
      streamMaxAgeMs: 1_000,
      onNotice: () => {},
    });
    void scope.run('readers', () => readers.run(scope));
    const engine = new Engine(scope.child('session'), {
      url: bed.facts.endpoint,
      target: { socketPath: bed.facts.endpoint.replace('unix://', '') },
    });
    await engine.connect();
    readers.connected(engine);
    // All of it stays there.
    const { ids, done } = await startWriters(bed, writers, { 'max-size': '20k', 'max-file': '200' });
    for (const [i, id] of ids.entries())
      readers.add({ id, path: '', labels: { container: writers[i].name }, existedAtFirstStart: false });
    await done;
    for (const id of ids) readers.stopped(id);
    const until = performance.now() + COMPLETE_DEADLINE_MS;
    while (readers.openStreams().length > 0 && performance.now() < until) await scope.sleep(100);
    await scope.sleep(1000);
    const stats = [...readers.stats().values()];
    console.log(stats.map(({ linesLate, repeated, requests, stalls }) => ({ linesLate, repeated, requests, stalls })), pipeline.gaps);
    for (const spec of writers) {
      const written = { o: [] as string[], e: [] as string[] };
      for (const { stream, bytes } of writerLines(spec))
        written[stream].push(...bytes.toString('latin1').split('\n').slice(0, -1));
      const got = (output: string): string[] =>
        pipeline.lines
          .filter(({ stream }) => stream.includes(`"${spec.name}"`) && stream.includes(output))
          .map(({ text }) => text);
      for (const [o, w] of [[got('stdout'), written.o], [got('stderr'), written.e]] as const) {
        const a = new Set(o), b = new Set(w);
        console.log('MORE', o.filter((t) => !b.has(t)).map((t) => `${t.length} ${t.slice(0, 60)} ... ${t.slice(-20)}`), 'LESS', w.filter((t) => !a.has(t)).map((t) => `${t.length} ${t.slice(0, 60)} ... ${t.slice(-20)}`));
      }
      expect(got('stdout').toSorted()).toEqual(written.o.toSorted());
      expect(got('stderr').toSorted()).toEqual(written.e.toSorted());
    }
  });
});
