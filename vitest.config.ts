import { configDefaults, defineConfig } from 'vitest/config';

/** Tests with an engine that mostly wait: they run beside the unit tests and beside each other. */
const WAITING = 'test/engine/{image,leaks,liveness,loki-outage,soak*}.test.ts';

const withEngine = {
  globalSetup: ['test/support/engine-setup.ts'],
  testTimeout: 300_000,
  hookTimeout: 120_000,
};

// unit: beside the code, no engine. The others: a real Docker engine each. Those of `engine` and `browser` come last and one at
// a time, because each may take all that the machine has.
export default defineConfig({
  test: {
    // No more soaks than that at once: each stream that they read costs dockerd one of the 128 inotify instances of a user.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{src,ui/src,test/unit,test/support}/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
      { test: { name: 'engine-waiting', include: [WAITING], ...withEngine } },
      {
        test: {
          name: 'engine',
          include: ['test/engine/**/*.test.ts'],
          exclude: [...configDefaults.exclude, WAITING],
          fileParallelism: false,
          ...withEngine,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          fileParallelism: false,
          ...withEngine,
        },
      },
    ],
    reporters: ['default'],
  },
});
