/**
 * Logs that rotate many times a second, read through the API of a real engine: its follower leaves out the rest of a file
 * now and then, and every line arrives for all that, once. How often it does so is its own affair:
 * src/sources/docker/api/verification.test.ts makes it.
 */
import { expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../src/runtime/log.js';
import { Scope } from '../../src/runtime/scope.js';
import { ApiReaders } from '../../src/sources/docker/api/index.js';
import { Engine } from '../../src/sources/docker/engine.js';
import { FakePipeline } from '../../src/sources/docker/json-file/testing/test-support.js';
import { describeWithEngine } from '../support/engine-test.js';

const WRITERS = 4;
const BURSTS = 250;
const LINES_PER_BURST = 30;
const COMPLETE_DEADLINE_MS = 60_000;
/** All of it stays there: nothing has to be missed. */
const LOG_OPTIONS = { 'max-size': '20k', 'max-file': '200' };

/** Numbered lines in bursts, every third one on stderr. */
const COMMAND = [
  '/bin/node',
  '-e',
  `const { writeSync } = require('fs');
let n = 0;
const timer = setInterval(() => {
  for (let i = 0; i < ${LINES_PER_BURST}; i++, n++) writeSync(n % 3 === 0 ? 2 : 1, n + ' ' + 'x'.repeat(40) + '\\n');
  if (n === ${BURSTS * LINES_PER_BURST}) clearInterval(timer);
}, 20);`,
];

describeWithEngine('an engine that leaves lines out of logs that rotate', ({ api, facts }) => {
  it('is asked for them, and every line comes once', async () => {
    const scope = Scope.root('test', (error) => {
      throw error;
    });
    onTestFinished(async () => scope.close());
    const pipeline = new FakePipeline();
    const readers = new ApiReaders({
      pipeline,
      log: silentLogger,
      startAt: { kind: 'beginning' },
      maxStreams: WRITERS,
      streamMaxAgeMs: 1_000,
      onNotice: () => {},
    });
    void scope.run('readers', () => readers.run(scope));
    const target = { socketPath: facts.endpoint.replace('unix://', '') };
    const engine = new Engine(scope.child('session'), { url: facts.endpoint, target });
    await engine.connect();
    readers.connected(engine);
    const names = Array.from({ length: WRITERS }, (_, i) => `left-out-${i}`);
    const ended = names.map(async (name) => {
      const id = await api.create({ name, image: facts.image, command: COMMAND, logOptions: LOG_OPTIONS });
      readers.add({ id, path: '', labels: { container: name }, existedAtFirstStart: false });
      await api.start(id);
      readers.wake(id);
      await api.wait(id);
      readers.stopped(id);
    });
    await Promise.all(ended);
    const count = BURSTS * LINES_PER_BURST;
    const until = performance.now() + COMPLETE_DEADLINE_MS;
    while (pipeline.lines.length < WRITERS * count && performance.now() < until) await scope.sleep(100);
    const numbers = Array.from({ length: count }, (_, n) => n);
    for (const name of names) {
      const got = pipeline.texts(`"${name}"`).map((text) => Number.parseInt(text, 10));
      expect(got.sort((a, b) => a - b)).toEqual(numbers);
    }
    expect(pipeline.gaps).toEqual([]);
  });
});
