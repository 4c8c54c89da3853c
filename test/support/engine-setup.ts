/** Vitest's global set-up of the engine tests: one engine for all of them, or the reason why there is none. */
import type { TestProject } from 'vitest/node';
import { type EngineFacts, NoEngineError, obtainEngine } from './engine.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The engine, or why there is none. */
    engine: EngineFacts | string;
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  try {
    const engine = await obtainEngine();
    project.provide('engine', engine.facts);
    return async () => engine.close();
  } catch (error) {
    if (!(error instanceof NoEngineError)) throw error;
    project.provide('engine', error.message);
    return undefined;
  }
}
