import { configDefaults, defineConfig } from 'vitest/config';

/** Tests with an engine that mostly wait: they run beside the unit tests and beside each other. */
const WAITING = 'test/engine/{image,leaks,liveness,loki-outage,soak*}.test.ts';
/** Those that keep a machine busy, or have something to be done in time: each runs when nothing else does. */
const ALONE = 'test/engine/{backlog,kill,short-lived}.test.ts';

/** Only a hang misses these: what takes 15 seconds may take minutes on a busy machine. */
const patient = { testTimeout: 300_000, hookTimeout: 120_000, expect: { poll: { timeout: 30_000 } } };

const withEngine = { ...patient, globalSetup: ['test/support/engine-setup.ts'] };

/** Only where LOKI names a real one's program: docs/loki-checked.md. */
const REAL_LOKI =
  process.env['LOKI'] === undefined
    ? []
    : [{ test: { name: 'real-loki', include: ['test/real-loki/**/*.test.ts'], testTimeout: 300_000 } }];

/** After what has no such order, together. */
const second = { sequence: { groupOrder: 1 }, maxWorkers: 2 };

// unit: beside the code, no engine. The others: a real Docker engine each. First `unit` and `engine-waiting`, then two files of
// `engine` and `browser` at a time, and last those of `engine-alone`.
export default defineConfig({
  test: {
    // No more soaks than that at once: each stream that they read costs dockerd one of the 128 inotify instances of a user.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{src,ui/src,test/unit,test/support}/**/*.test.ts'],
          ...patient,
        },
      },
      { test: { name: 'engine-waiting', include: [WAITING], ...withEngine } },
      {
        test: {
          name: 'engine',
          include: ['test/engine/**/*.test.ts'],
          exclude: [...configDefaults.exclude, WAITING, ALONE],
          ...second,
          ...withEngine,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          ...second,
          ...withEngine,
        },
      },
      { test: { name: 'engine-alone', include: [ALONE], fileParallelism: false, ...withEngine } },
      ...REAL_LOKI,
    ],
    reporters: ['default'],
  },
});
