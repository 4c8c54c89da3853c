/** Does the deeds of a plan, and tells whether each was seen to be done. */
import type { Scope } from '../runtime/scope.js';
import type { AgentRun, TorturedAgent } from './agent.js';
import type { Containers } from './containers.js';
import type { TortureEngine } from './engine.js';
import type { Deed, Plan } from './plan.js';
import type { Filler } from './small-disk.js';

/** How long an agent that writes may take to find the disk full. */
const NOTICE_DEADLINE_MS = 15_000;
const LOOK_EVERY_MS = 20;

export interface DeedParts {
  readonly plan: Plan;
  readonly engine: TortureEngine;
  readonly containers: Containers;
  readonly agent: TorturedAgent;
  /** Of the agent's small filesystem; undefined: it has none. */
  readonly filler: Filler | undefined;
}

export class Deeds {
  readonly #parts: DeedParts;
  /** During which the agent stood still, in milliseconds since 1970. */
  readonly pauses: { readonly from: number; readonly to: number }[] = [];

  constructor(parts: DeedParts) {
    this.#parts = parts;
  }

  /** `run`: the agent's process of now. Throws AgentError where it cannot be done. */
  async do(scope: Scope, deed: Deed, run: AgentRun): Promise<boolean> {
    const { plan, containers } = this.#parts;
    switch (deed.kind) {
      case 'pause':
        return this.#pause(scope, run, deed.ms);
      case 'restart':
        await containers.restart(deed.place);
        break;
      case 'rename':
        await containers.rename(deed.place);
        break;
      case 'recreate':
        await containers.recreate(deed.place);
        break;
      case 'short-lived':
        await containers.shortLived(deed.count, deed.lines, plan.containers[0]);
        break;
      case 'disk-full':
        return this.#fillDisk(scope, deed.ms);
      case 'engine-restart':
        return this.#restartEngine(scope);
    }
    // The engine has said so.
    return true;
  }

  async #pause(scope: Scope, run: AgentRun, ms: number): Promise<boolean> {
    const from = Date.now();
    const stoodStill = await run.pause(scope, ms);
    this.pauses.push({ from, to: Date.now() });
    return stoodStill;
  }

  /** It lasts from when the agent has said in its log that it has met it. */
  async #fillDisk(scope: Scope, ms: number): Promise<boolean> {
    const { agent, filler } = this.#parts;
    const before = agent.log.noSpace;
    const isFull = filler?.fill() ?? false;
    const deadline = performance.now() + NOTICE_DEADLINE_MS;
    try {
      while (agent.log.noSpace === before && performance.now() < deadline && !scope.isClosing)
        await scope.sleep(LOOK_EVERY_MS);
      await scope.sleep(ms);
    } finally {
      filler?.empty();
    }
    return isFull && agent.log.noSpace > before;
  }

  async #restartEngine(scope: Scope): Promise<boolean> {
    const isAnother = await this.#parts.engine.restart(scope);
    await this.#parts.containers.startAgain();
    return isAnother;
  }
}
