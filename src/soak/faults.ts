/**
 * Faults that are put in on purpose while a soak runs, one after the other: each lasts until the agent is well again, which
 * is when it says that it is healthy, knows of no stalled container and has as many streams open as it can.
 */
import { describeError } from '../runtime/errors.js';
import type { Scope } from '../runtime/scope.js';
import type { AgentClient } from '../selftest/agent-client.js';
import { Exposition } from '../selftest/exposition.js';
import type { Fault } from './types.js';

const LOOK_EVERY_MS = 100;
/** Whoever is not well by then will not be. */
const PATIENCE_MS = 60_000;

/** What a fault can ask for while it lasts. */
export interface FaultWatch {
  /** Resolves when the agent raises the alarm: when it is not healthy. It has to within `withinMs` from now. */
  readonly alarm: (withinMs: number) => Promise<void>;
}

export interface FaultsParts {
  readonly client: AgentClient;
  /** Of the containers that should run now. */
  readonly containers: () => number;
  /** Since the soak began. */
  readonly seconds: () => number;
  readonly tell: (text: string) => void;
}

export class Faults {
  readonly #parts: FaultsParts;
  readonly #faults: Fault[] = [];

  constructor(parts: FaultsParts) {
    this.#parts = parts;
  }

  /** In order of time. One that has not ended is not among them. */
  get list(): readonly Fault[] {
    return this.#faults;
  }

  /** Strikes, and resolves when the agent is well again, or nobody waits for that any more. What fails is told and judged. */
  async during(scope: Scope, kind: string, strike: (watch: FaultWatch) => Promise<void>): Promise<void> {
    const { seconds, tell } = this.#parts;
    const from = seconds();
    let alarm: Fault['alarm'];
    let failure: string | undefined;
    tell(`fault: ${kind}`);
    try {
      await strike({
        alarm: async (withinMs) => {
          const asked = seconds();
          alarm = { after: undefined, within: withinMs / 1000 };
          if (!(await this.#until(scope, () => this.#isAlarmed(scope)))) return;
          alarm = { ...alarm, after: seconds() - asked };
          tell(`the alarm came after ${alarm.after?.toFixed(1)} s`);
        },
      });
    } catch (error) {
      failure = describeError(error);
      tell(`the fault ${kind} could not be put in: ${failure}`);
    }
    const struck = seconds();
    const isWell = await this.#until(scope, () => this.#isWell(scope));
    const to = seconds();
    const recovered = isWell ? to - struck : undefined;
    tell(isWell ? `well again ${recovered?.toFixed(1)} s after ${kind}` : `not well after ${kind}`);
    this.#faults.push({ kind, from, to, alarm, recovered, failure });
  }

  async #until(scope: Scope, isSo: () => Promise<boolean>): Promise<boolean> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!scope.isClosing && performance.now() < deadline) {
      if (await isSo()) return true;
      await scope.sleep(LOOK_EVERY_MS);
    }
    return false;
  }

  async #isAlarmed(scope: Scope): Promise<boolean> {
    const { status } = await this.#parts.client.json<{ status: string }>(scope, '/health');
    return status !== 'healthy';
  }

  async #isWell(scope: Scope): Promise<boolean> {
    if (await this.#isAlarmed(scope)) return false;
    const metrics = new Exposition(await this.#parts.client.text(scope, '/metrics'));
    const figure = (name: string): number => metrics.sum(`log_capturer_${name}`) ?? Number.NaN;
    const full = Math.min(this.#parts.containers(), figure('stream_capacity'));
    return figure('stalled_containers') === 0 && figure('active_streams') >= full;
  }
}
