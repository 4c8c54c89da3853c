/** What every engine test begins with: the engine of the run, and writers in its containers. */
import { afterAll, afterEach, beforeAll, describe, inject, it } from 'vitest';
import { within } from '../../src/runtime/within.js';
import { killAgents } from './agent.js';
import { type EngineFacts, SUPPORT_FOLDER } from './engine.js';
import { EngineApi, eachLimited } from './engine-api.js';
import { ensureImage, writerCommand } from './image.js';
import type { WriterSpec } from './lines.mjs';
import type { Expected } from './oracle.js';
import { PrivateEngine, whyNoPrivateEngine } from './private-engine.js';

const REMOVE_DEADLINE_MS = 30_000;

export interface EngineBed {
  readonly facts: EngineFacts;
  readonly api: EngineApi;
}

/** `describe` with an engine; skipped as a whole where there is none. */
export function describeWithEngine(name: string, body: (bed: EngineBed) => void): void {
  const engine = inject('engine');
  if (typeof engine === 'string') {
    skipped(name, `${name} needs a Docker engine: ${engine}.`, () =>
      body({ facts: unusable, api: new EngineApi('unix:///', '') }),
    );
    return;
  }
  describe(name, () => {
    // Other files use the same engine at the same time: what this one removes at its end is its own.
    const api = new EngineApi(engine.endpoint, `${engine.run}/${process.pid}`);
    afterEach(killAgents);
    afterAll(async () => {
      await eachLimited(await api.testContainers('mine'), 8, async (id) => {
        // An engine that never answers has failed, not the tests. What a private one keeps goes with it.
        const removal = api.remove(id);
        if (await within(REMOVE_DEADLINE_MS, removal)) await removal;
        else console.warn(`The engine does not remove ${id}.`);
      });
      api.close();
    });
    body({ facts: engine, api });
  });
}

export interface OwnEngineBed extends EngineBed {
  readonly engine: PrivateEngine;
}

/**
 * `describe` with an engine that is these tests' alone, to be stopped and to have its disk written to. `body` gets a
 * function, because the engine is there only when the tests run.
 */
export function describeWithOwnEngine(name: string, body: (bed: () => OwnEngineBed) => void): void {
  const shared = inject('engine');
  const why = typeof shared === 'string' ? shared : whyNoPrivateEngine();
  let bed: OwnEngineBed | undefined;
  const present = (): OwnEngineBed => {
    if (!bed) throw new Error('The engine is there only while tests run.');
    return bed;
  };
  if (why !== undefined) {
    skipped(name, `${name} needs a Docker engine of its own: ${why}.`, () => body(present));
    return;
  }
  describe(name, () => {
    beforeAll(async () => {
      const engine = await PrivateEngine.start();
      const { endpoint } = engine;
      const run = 'own';
      const api = new EngineApi(endpoint, run);
      const image = await ensureImage(api, SUPPORT_FOLDER);
      const facts = { endpoint, isPrivate: true, rootDir: await api.rootDir(), image, run };
      bed = { engine, api, facts };
    });
    afterEach(killAgents);
    afterAll(async () => {
      bed?.api.close();
      await bed?.engine.close();
    });
    body(present);
  });
}

/** Skips with a sentence; where CI is set a skip is a failure, and says the same. */
export function skipped(name: string, why: string, body: () => void): void {
  describe.skip(name, body);
  if (!process.env['CI']) {
    console.warn(`Skipped: ${why}`);
    return;
  }
  it(`${name} is not skipped where CI is set`, () => {
    throw new Error(why);
  });
}

const unusable: EngineFacts = { endpoint: '', isPrivate: false, rootDir: '', image: '', run: '' };

export interface Writers {
  /** In the order of the writers. */
  readonly ids: readonly string[];
  /** How many have ended so far. */
  readonly ended: () => number;
  /** Resolves when all have ended; rejects when one failed. */
  readonly done: Promise<void>;
}

const STARTS_AT_ONCE = 4;

/** A writer and what its container is besides. */
export interface ContainedWriter extends WriterSpec {
  readonly labels?: Readonly<Record<string, string>>;
  /** All that it writes is stdout then. */
  readonly tty?: boolean;
}

/** Starts one container a writer, named as it. Resolves when all run. */
export async function startWriters(
  { api, facts }: EngineBed,
  specs: readonly ContainedWriter[],
  logOptions: Readonly<Record<string, string>> = {},
): Promise<Writers> {
  const ids: string[] = [];
  const ends: Promise<void>[] = [];
  let ended = 0;
  await eachLimited(specs, STARTS_AT_ONCE, async ({ labels = {}, tty = false, ...spec }, index) => {
    const command = writerCommand(spec);
    const id = await api.create({ name: spec.name, image: facts.image, command, logOptions, labels, tty });
    ids[index] = id;
    await api.start(id);
    const end = api.wait(id).then(async (code) => {
      ended++;
      if (code === 0) return;
      const { stderr } = await api.logs(id);
      throw new Error(`The writer ${spec.name} ended with ${code}: ${stderr.toString().slice(-1_000)}`);
    });
    // Awaited later; until then a failure is no unhandled rejection.
    end.catch(() => {});
    ends.push(end);
  });
  const done = Promise.all(ends).then(() => {});
  done.catch(() => {});
  return { ids, ended: () => ended, done };
}

export function expectedOf(specs: readonly ContainedWriter[]): Expected[] {
  return specs.map(({ name, out, err, tty = false }) => ({ container: name, out, err, isTty: tty }));
}

/** An agent's configuration: this engine's containers of these names into files. */
export function fileSinkConfig(
  facts: EngineFacts,
  names: readonly string[],
  directory: string,
  file: object = {},
): Record<string, object> {
  return {
    sources: {
      containers: {
        type: 'docker',
        endpoint: facts.endpoint,
        start_at: 'beginning',
        include: { names },
      },
    },
    sinks: { local: { type: 'file', directory, max_files: 10_000, max_total_bytes: '100GiB', ...file } },
  };
}
