/**
 * The processors that lines pass. One that is configured as it was stays the same object when others change, and with it
 * what it holds and remembers.
 */
import { isDeepStrictEqual } from 'node:util';
import { type ProcessorMaker, processorMaker } from '../components.js';
import { namedProcessors } from '../config/changes.js';
import type { ProcessorConfig } from '../config/processor-types.js';
import { tunedConfig } from '../config/tuning.js';
import type { ChainEntry } from '../pipeline/chain.js';
import type { Processor } from '../pipeline/contract.js';
import type { Intake } from '../pipeline/intake.js';
import { compileMatch } from '../pipeline/match.js';
import { passageOf } from '../pipeline/passage.js';
import { type ConfiguredProcessor, chainsFor, type MakeTuned, TUNABLE } from '../processors/chain-for.js';
import type { Logger } from '../runtime/log.js';
import type { ProcessorView } from '../server/flow-view.js';

export class ProcessorSet {
  readonly #log: Logger;
  readonly #intake: Pick<Intake, 'setProcessors'>;
  #configured: readonly ConfiguredProcessor[] = [];
  /** Those that container labels have asked for. */
  #tuned: Processor[] = [];
  /** Of types that container labels may ask for while lines wait. */
  #makers: ReadonlyMap<string, ProcessorMaker> | undefined;
  #hasBegun = false;

  constructor(log: Logger, intake: Pick<Intake, 'setProcessors'>) {
    this.#log = log;
    this.#intake = intake;
  }

  /** Those of the configuration, in the order in which lines pass them, then those of single containers. */
  get all(): readonly Processor[] {
    return [...this.#configured.map(({ entry }) => entry.processor), ...this.#tuned];
  }

  /** As the page shows them, in that order. */
  get views(): readonly ProcessorView[] {
    return this.#configured.map(({ name, config: { type, match }, entry: { processor } }) => ({
      name,
      type,
      match,
      figures: processor.figures,
      counts: passageOf(processor).counts,
    }));
  }

  /** Throws where a configuration cannot be made a processor. */
  async make(configs: readonly ProcessorConfig[]): Promise<readonly ConfiguredProcessor[]> {
    const made: ConfiguredProcessor[] = [];
    for (const [name, config] of namedProcessors(configs)) {
      const known = this.#configured.find(
        (other) => other.name === name && isDeepStrictEqual(other.config, config),
      );
      made.push(known ?? { name, config, entry: await this.#entry(name, config) });
    }
    this.#makers ??= new Map(
      await Promise.all(TUNABLE.map(async (type) => [type, await processorMaker(type)] as const)),
    );
    return made;
  }

  /** Lines pass these from now on; nothing happens where they do so already. */
  begin(configured: readonly ConfiguredProcessor[]): void {
    const isSame =
      configured.length === this.#configured.length &&
      configured.every((one, i) => one === this.#configured[i]);
    if (isSame && this.#hasBegun) return;
    this.#hasBegun = true;
    this.#configured = configured;
    this.#tuned = [];
    this.#intake.setProcessors(chainsFor(configured, (...asked) => this.#tunedBy(...asked)));
  }

  async #entry(name: string, config: ProcessorConfig): Promise<ChainEntry> {
    const make = await processorMaker(config.type);
    const match = config.match === undefined ? undefined : compileMatch(config.match);
    return { processor: make(name, config, { log: this.#log }), match };
  }

  #tunedBy(...[type, label, configured]: Parameters<MakeTuned>): Processor | undefined {
    const config = tunedConfig(type, label, configured?.config);
    const processor = config && this.#makers?.get(type)?.(`${type}-tuned`, config, { log: this.#log });
    if (processor) this.#tuned.push(processor);
    return processor;
  }
}
