/**
 * The containers of a soak: a third never write, a third write rarely, a third are chatty (writer.ts). A number belongs to
 * one container for good. With churn, every five seconds the container that has been there longest is stopped, removed
 * three seconds later, and a new one of the same role takes its place; so one place at a time is empty.
 */
import { describeError } from '../runtime/errors.js';
import type { Scope } from '../runtime/scope.js';
import type { EngineControl } from '../selftest/engine-control.js';
import type { LineOracle } from './lines.js';
import { roleOf, writerScript } from './writer.js';

const AT_ONCE = 4;
const CHURN_EVERY_MS = 5_000;
const REMOVE_AFTER_MS = 3_000;
const LOOK_EVERY_MS = 10_000;

export interface CrowdOptions {
  readonly run: string;
  readonly image: string;
  readonly size: number;
  readonly longLines: boolean;
}

interface Member {
  readonly container: number;
  readonly id: string;
  readonly place: number;
  starts: number;
  isRunning: boolean;
}

export class Crowd {
  readonly #engine: EngineControl;
  readonly #oracle: LineOracle;
  readonly #options: CrowdOptions;
  readonly #tell: (text: string) => void;
  readonly #onStarted: (count: number) => void;
  /** Oldest first. */
  readonly #members = new Set<Member>();
  #numbers = 0;
  #replaced = 0;
  /** The engine is being restarted: what ends then is not started again yet. */
  #isRestarting = false;

  /** `onStarted` hears how many run, after each that was started. */
  constructor(
    engine: EngineControl,
    oracle: LineOracle,
    options: CrowdOptions,
    tell: (text: string) => void,
    onStarted: (count: number) => void,
  ) {
    this.#engine = engine;
    this.#oracle = oracle;
    this.#options = options;
    this.#tell = tell;
    this.#onStarted = onStarted;
  }

  get running(): number {
    return [...this.#members].filter(({ isRunning }) => isRunning).length;
  }

  get replaced(): number {
    return this.#replaced;
  }

  /** One comes, writes and goes. Resolves once all its lines have arrived, or `patience` is aborted. */
  async sendOne(patience: AbortSignal): Promise<void> {
    await this.#add(0);
    await this.stop();
    await this.#oracle.complete(patience);
    await this.remove();
  }

  /** Starts all of them, a few at a time, or as many as until `signal` is aborted. */
  async start(signal: AbortSignal): Promise<void> {
    const places = Array.from({ length: this.#options.size }, (_, place) => place);
    await each(places, async (place) => {
      if (signal.aborted) return;
      await this.#add(place);
      this.#onStarted(this.#members.size);
    });
  }

  /** Replaces containers until `scope` closes. */
  async churn(scope: Scope): Promise<void> {
    while (!scope.isClosing) {
      await scope.sleep(CHURN_EVERY_MS);
      const [oldest] = this.#members;
      if (scope.isClosing || !oldest) return;
      try {
        await this.#stop(oldest);
        await scope.sleep(REMOVE_AFTER_MS);
        if (scope.isClosing) return;
        await this.#remove(oldest);
        await this.#add(oldest.place);
        this.#replaced++;
      } catch (error) {
        this.#tell(`container ${oldest.container} could not be replaced: ${describeError(error)}`);
      }
    }
  }

  /** Starts again what ended without being asked, as when the engine was started anew, until `scope` closes. */
  async keepRunning(scope: Scope): Promise<void> {
    while (!scope.isClosing) {
      await scope.sleep(LOOK_EVERY_MS);
      if (scope.isClosing) return;
      if (this.#isRestarting) continue;
      try {
        await this.#startEnded();
      } catch (error) {
        this.#tell(`the engine does not tell what runs: ${describeError(error)}`);
      }
    }
  }

  /** `restart` ends the engine, and resolves when it answers again; then what has ended with it is started again. */
  async throughRestart(restart: () => Promise<void>): Promise<void> {
    this.#isRestarting = true;
    try {
      await restart();
      await this.#startEnded();
    } finally {
      this.#isRestarting = false;
    }
  }

  /** Asks every container for its last line. */
  async stop(): Promise<void> {
    await each([...this.#members], async (member) => this.#stop(member));
  }

  async remove(): Promise<void> {
    await each([...this.#members], async (member) => this.#remove(member));
  }

  async #startEnded(): Promise<void> {
    // Those that are started or stopped while the engine answers need not be in its list.
    const before = [...this.#members].filter(({ isRunning }) => isRunning);
    const running = await this.#engine.running();
    const ended = before.filter(({ id, isRunning }) => isRunning && !running.has(id));
    await each(ended, async (member) => this.#startAgain(member));
    if (ended.length > 0) this.#tell(`${ended.length} containers had ended; they were started again`);
  }

  async #add(place: number): Promise<void> {
    const { run, image, longLines } = this.#options;
    const container = this.#numbers++;
    const name = `log-capturer-soak-${run}-${container}`;
    const script = writerScript({ run, container, role: roleOf(place), longLines });
    this.#oracle.expect(container, name);
    const id = await this.#engine.create(name, image, script);
    const member: Member = { container, id, place, starts: 1, isRunning: false };
    this.#members.add(member);
    await this.#engine.start(id);
    member.isRunning = true;
  }

  async #startAgain(member: Member): Promise<void> {
    const { container, id } = member;
    if ((await this.#engine.ending(id)) === 'killed') this.#oracle.expectNoEnd(container);
    await this.#engine.start(id);
    this.#oracle.startedAgain(container, ++member.starts);
  }

  async #stop(member: Member): Promise<void> {
    member.isRunning = false;
    if ((await this.#engine.stop(member.id)) === 'ended') return;
    this.#oracle.expectNoEnd(member.container);
    this.#tell(`container ${member.container} had to be killed`);
  }

  async #remove(member: Member): Promise<void> {
    await this.#engine.remove(member.id);
    this.#members.delete(member);
    this.#oracle.removed(member.container);
  }
}

/** A few at a time. After a failure nothing new is begun, and it throws once what was begun is over. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (failures.length > 0) return;
      await work(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (failures.length > 0) throw failures[0];
}
