/**
 * Which faults were planned and which happened. A fault has happened when somebody has seen it, not when it was ordered: the
 * exit signal of a kill, the proxy's count, what dockerd or the agent's log says.
 */
import type { Plan } from './plan.js';

export interface Witnessed {
  /** Such as `kill`, `deed recreate` or `weather reset`. */
  readonly fault: string;
  readonly planned: number;
  readonly happened: number;
}

export class Witnesses {
  readonly #planned = new Map<string, number>();
  readonly #happened = new Map<string, number>();

  constructor({ cycles }: Plan) {
    for (const { weather, deed, kill } of cycles) {
      this.#plan('kill');
      if (kill.moment !== 'starting') this.#plan('kill in the midst');
      if (deed) this.#plan(`deed ${deed.kind}`);
      for (const { kind } of weather) this.#plan(`weather ${kind}`);
    }
  }

  saw(fault: string, times = 1): void {
    this.#happened.set(fault, (this.#happened.get(fault) ?? 0) + times);
  }

  count(fault: string): number {
    return this.#happened.get(fault) ?? 0;
  }

  get list(): Witnessed[] {
    const faults = new Set([...this.#planned.keys(), ...this.#happened.keys()]);
    return [...faults].map((fault) => ({
      fault,
      planned: this.#planned.get(fault) ?? 0,
      happened: this.count(fault),
    }));
  }

  #plan(fault: string): void {
    this.#planned.set(fault, (this.#planned.get(fault) ?? 0) + 1);
  }
}
