/** Health by component. A component reports its own state; the whole is as bad as its worst part. */
export type HealthState = 'healthy' | 'degraded' | 'unhealthy';

export interface ComponentHealth {
  readonly state: HealthState;
  /** One sentence for people: what is wrong and what to do; empty when healthy. */
  readonly reason: string;
  /** Milliseconds since 1970 at which the state was entered. */
  readonly since: number;
}

const ORDER: readonly HealthState[] = ['healthy', 'degraded', 'unhealthy'];

export class Health {
  readonly #components = new Map<string, ComponentHealth>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Sets a component's state; returns true when state or reason changed. */
  set(component: string, state: HealthState, reason = ''): boolean {
    const before = this.#components.get(component);
    if (before?.state === state && before.reason === reason) return false;
    const since = before?.state === state ? before.since : this.#now();
    this.#components.set(component, { state, reason, since });
    return true;
  }

  remove(component: string): void {
    this.#components.delete(component);
  }

  get overall(): HealthState {
    let worst = 0;
    for (const { state } of this.#components.values()) worst = Math.max(worst, ORDER.indexOf(state));
    return ORDER[worst];
  }

  components(): ReadonlyMap<string, ComponentHealth> {
    return this.#components;
  }
}
