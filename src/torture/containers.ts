/** The containers of one seed: they write until they are stopped, and what is done to them is told to the roster. */
import type { ContainerOptions, EngineControl } from '../selftest/engine-control.js';
import { writerScript } from './lines.js';
import type { Roster } from './oracle/roster.js';
import type { ContainerPlan } from './plan.js';

const AT_ONCE = 4;
const SHORT_LIVED = { burst: 20, perSecond: 10, longLines: false };

export interface ContainersOptions {
  /** Stands in every line, and in every name. */
  readonly run: string;
  readonly image: string;
}

interface Member {
  readonly container: number;
  readonly id: string;
  readonly plan: ContainerPlan;
  name: string;
}

export class Containers {
  readonly #engine: EngineControl;
  readonly #roster: Roster;
  readonly #options: ContainersOptions;
  /** By place. */
  readonly #members: Member[] = [];
  #renames = 0;

  constructor(engine: EngineControl, roster: Roster, options: ContainersOptions) {
    this.#engine = engine;
    this.#roster = roster;
    this.#options = options;
  }

  async start(plans: readonly ContainerPlan[]): Promise<void> {
    const queue = plans.entries();
    const work = async (): Promise<void> => {
      for (const [place, plan] of queue) this.#members[place] = await this.#add(this.#name(place), plan);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  /** Stops it and starts it again: another life of the same container. */
  async restart(place: number): Promise<void> {
    const { container, id } = this.#members[place];
    this.#roster.ended(container, await this.#engine.stop(id));
    await this.#startAgain(container, id);
  }

  async rename(place: number): Promise<void> {
    const member = this.#members[place];
    member.name = `${this.#name(place)}-renamed-${++this.#renames}`;
    this.#roster.renamed(member.container, member.name);
    await this.#engine.rename(member.id, member.name);
  }

  /** Removes it as soon as it has ended, and makes another one of the same name. */
  async recreate(place: number): Promise<void> {
    const { container, id, name, plan } = this.#members[place];
    this.#roster.ended(container, await this.#engine.stop(id));
    await this.#engine.remove(id);
    this.#members[place] = await this.#add(name, plan);
  }

  /** Some that write so many lines each, end by themselves and are removed by the engine. Resolves when they have ended. */
  async shortLived(count: number, lines: number, plan: ContainerPlan): Promise<void> {
    const bursts = Math.max(1, Math.round(lines / SHORT_LIVED.burst));
    const each = (bursts * SHORT_LIVED.burst) / 2;
    const ends = Array.from({ length: count }, async (_, i) => {
      const name = `${this.#name(i)}-short-${this.#roster.list.length}`;
      const container = this.#roster.add(name, { o: each + 1, e: each });
      const spec = { run: this.#options.run, container, ...SHORT_LIVED, bursts };
      const transport = i % 2 === 0 ? plan.transport : 'api';
      const id = await this.#engine.create(name, this.#options.image, writerScript(spec), {
        ...optionsOf({ ...plan, transport, rotation: undefined }),
        autoRemove: true,
      });
      this.#roster.created(container, id);
      this.#roster.started(container);
      await this.#engine.start(id);
      await this.#engine.ended(id);
      this.#roster.ended(container, 'ended');
    });
    await Promise.all(ends);
  }

  /** After the engine was started anew: what ended with it lives again. */
  async startAgain(): Promise<void> {
    const running = await this.#engine.running();
    for (const { container, id } of this.#members) {
      if (running.has(id)) continue;
      this.#roster.ended(container, await this.#engine.ending(id));
      await this.#startAgain(container, id);
    }
  }

  /** All of them; they write their last lines. */
  async stop(): Promise<void> {
    await Promise.all(
      this.#members.map(async ({ container, id }) =>
        this.#roster.ended(container, await this.#engine.stop(id)),
      ),
    );
  }

  #name(place: number): string {
    return `torture-${this.#options.run}-${place}`;
  }

  async #startAgain(container: number, id: string): Promise<void> {
    this.#roster.started(container);
    await this.#engine.start(id);
  }

  async #add(name: string, plan: ContainerPlan): Promise<Member> {
    const container = this.#roster.add(name);
    const script = writerScript({ run: this.#options.run, container, ...plan, bursts: undefined });
    const id = await this.#engine.create(name, this.#options.image, script, optionsOf(plan));
    this.#roster.created(container, id);
    this.#roster.started(container);
    await this.#engine.start(id);
    return { container, id, plan, name };
  }
}

function optionsOf({ transport, rotation }: ContainerPlan): ContainerOptions {
  return {
    labels: { 'log-capturer.transport': transport },
    logOptions: rotation
      ? {
          'max-size': `${rotation.maxBytes}`,
          'max-file': `${rotation.files}`,
          ...(rotation.compress ? { compress: 'true' } : {}),
        }
      : {},
  };
}
