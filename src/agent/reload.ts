/**
 * A configuration that is changed while the agent runs: read and judged completely, compared with the one in force, and
 * applied as a difference, or refused as a whole. One that is refused changes nothing: the one in force goes on, and why is
 * told by the log, `/health` (component `config`), the metrics and the page.
 *
 * To apply one does not fail. Should it for all that, what runs is neither the one nor the other: that is told in the same
 * ways, the new one is not called in force, and nothing but a restart helps, because no difference to either would be true.
 */
import { statSync } from 'node:fs';
import { changesBetween } from '../config/changes.js';
import { problemsOf, warningsOf } from '../config/check.js';
import type { ConfigDesk } from '../config/desk.js';
import type { LoadedConfig } from '../config/load.js';
import type { ComponentChange, ReloadResult } from '../config/shape.js';
import type { Config } from '../config/types.js';
import { AgentError, describeError } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import type { Scope } from '../runtime/scope.js';
import type { Health } from '../telemetry/health.js';
import type { ReloadFigures } from '../telemetry/metrics/view.js';

const COMPONENT = 'config';

/** What asks for it; `file`: the file has changed, nobody has asked. */
export type ReloadCause = 'file' | 'SIGHUP' | 'API';

export interface ReloadParts {
  readonly desk: ConfigDesk;
  readonly log: Logger;
  readonly health: Health;
  /** Throws where it cannot be; nothing has changed before what it answers is called. */
  readonly prepare: (then: Config, changes: readonly ComponentChange[]) => Promise<() => Promise<void>>;
}

export class Reloader {
  readonly #parts: ReloadParts;
  readonly #counts = { applied: 0, unchanged: 0, refused: 0, failed: 0 };
  #isLastGood = true;
  /** Why nothing but a restart helps. */
  #failure: AgentError | undefined;
  #open!: (scope: Scope) => void;
  readonly #scope = new Promise<Scope>((resolve) => {
    this.#open = resolve;
  });
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: ReloadParts) {
    this.#parts = parts;
  }

  /** `scope` owns the reloads; what was asked for before begins now. */
  open(scope: Scope): void {
    this.#open(scope);
  }

  get figures(): ReloadFigures {
    return { results: this.#counts, isLastGood: this.#isLastGood };
  }

  /** One after the other. Does not reject. Undefined: the agent is stopping, and nothing was done. */
  reload(cause: ReloadCause): Promise<ReloadResult | undefined> {
    const turn = this.#turn.then(async () => {
      const scope = await this.#scope;
      let result: ReloadResult | undefined;
      if (!scope.isClosing)
        await scope.run('reload', async () => {
          result = await this.#reload(cause);
        });
      return result;
    });
    this.#turn = turn;
    return turn;
  }

  async #reload(cause: ReloadCause): Promise<ReloadResult> {
    const { desk, prepare } = this.#parts;
    if (this.#failure) return this.#failed(cause, this.#failure);
    let loaded: LoadedConfig;
    let changes: ComponentChange[];
    let apply: (() => Promise<void>) | undefined;
    try {
      if (cause === 'file') mustHoldSomething(desk.file);
      loaded = desk.load();
      changes = changesBetween(desk.present, loaded.config);
      mustBePossible(changes);
      if (changes.some(isChange)) apply = await prepare(loaded.config, changes);
    } catch (error) {
      const told =
        error instanceof AgentError
          ? error
          : new AgentError('INTERNAL', describeError(error), { cause: error });
      return this.#refused(cause, told);
    }
    try {
      await apply?.();
    } catch (error) {
      const said = `A reload failed half-way, part of it may be in force (${describeError(error)}).`;
      this.#failure = new AgentError('INTERNAL', said, { remedy: 'Restart the agent.', cause: error });
      return this.#failed(cause, this.#failure);
    }
    desk.accept(loaded.config);
    return this.#applied(cause, changes, loaded);
  }

  #refused(cause: ReloadCause, error: AgentError): ReloadResult {
    const { log, health, desk } = this.#parts;
    const then = desk.file === undefined ? '' : ` Mend ${desk.file}: it is read again when it changes.`;
    const why = describeError(error).replace(/[^.]$/, '$&.');
    log.error(
      { code: error.code, cause },
      `The configuration was not reloaded, the one in force goes on: ${why}${then}`,
    );
    health.set(
      COMPONENT,
      'degraded',
      `${error.code}: not reloaded, the one before is in force. ${why}${then}`,
    );
    return this.#notDone('refused', error);
  }

  #failed(cause: ReloadCause, error: AgentError): ReloadResult {
    const { log, health } = this.#parts;
    log.error({ code: error.code, cause, err: error.cause }, describeError(error));
    health.set(COMPONENT, 'degraded', `${error.code}: ${describeError(error)}`);
    return this.#notDone('failed', error);
  }

  #notDone(result: 'refused' | 'failed', error: AgentError): ReloadResult {
    this.#counts[result]++;
    this.#isLastGood = false;
    return { result, changes: [], problems: problemsOf(error) };
  }

  #applied(cause: ReloadCause, changes: readonly ComponentChange[], loaded: LoadedConfig): ReloadResult {
    const { log, health } = this.#parts;
    const done = changes.filter(isChange);
    const result = done.length > 0 ? 'applied' : 'unchanged';
    this.#counts[result]++;
    this.#isLastGood = true;
    health.set(COMPONENT, 'healthy');
    for (const warning of loaded.warnings) log.warn({}, warning);
    const what = done.map(({ component, change }) => `${component} ${change}`).join(', ');
    log.info({ cause }, `The configuration was reloaded: ${what || 'nothing is different'}.`);
    return { result, changes, problems: warningsOf(loaded) };
  }
}

function isChange({ change }: ComponentChange): boolean {
  return change !== 'unchanged';
}

/** A full disk leaves an empty file behind, and it would stand for all defaults. */
function mustHoldSomething(file: string | undefined): void {
  if (file === undefined || (statSync(file, { throwIfNoEntry: false })?.size ?? 1) > 0) return;
  throw new AgentError('CONFIG_INVALID', `${file} is empty.`, {
    remedy: 'Where all defaults are meant, ask for it: kill -HUP, or log-capturer reload.',
  });
}

function mustBePossible(changes: readonly ComponentChange[]): void {
  const needing = changes.filter(({ change }) => change === 'restart');
  if (needing.length === 0) return;
  const what = needing.map(({ component, why }) => `${component} (${why})`).join(', ');
  throw new AgentError('CONFIG_NEEDS_RESTART', `Changed, and fixed while the agent runs: ${what}.`, {
    remedy: 'Restart the agent, or take that back; nothing else of the file is applied before.',
  });
}
