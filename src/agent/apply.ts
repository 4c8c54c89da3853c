/** Brings the running agent from one configuration to another, component by component, while lines flow. */

import { configuredAlerts } from '../alerts/configured.js';
import type { AlertDesk } from '../alerts/desk.js';
import type { ComponentChange } from '../config/shape.js';
import type { Config } from '../config/types.js';
import type { DeadLetters } from '../delivery/dead-letters/store.js';
import type { Journal } from '../journal/types.js';
import type { Scope } from '../runtime/scope.js';
import type { LevelLogger } from '../telemetry/logger.js';
import type { ProcessorSet } from './processors.js';
import type { SinkSet } from './sinks.js';
import type { SourceSet } from './sources.js';

export interface LiveParts {
  readonly journal: Journal;
  readonly deadLetters: DeadLetters;
  readonly alerts: AlertDesk;
  readonly log: Partial<Pick<LevelLogger, 'setLevel'>>;
  readonly sinks: SinkSet;
  readonly processors: ProcessorSet;
  readonly sources: SourceSet;
  /** Owns the sources' scopes. */
  readonly sourceScope: Scope;
}

/**
 * Everything is made before anything ends: what cannot be made throws here, and nothing has changed. What is answered does the
 * rest, and does not fail. Sinks are drained while lines go on to the journal; sources end last and begin at once.
 */
export async function prepareChanges(
  { journal, deadLetters, alerts, log, sinks, processors, sources, sourceScope }: LiveParts,
  then: Config,
  changes: readonly ComponentChange[],
): Promise<() => Promise<void>> {
  const newSinks = await sinks.make(then.sinks, beginning(changes, 'sinks.'));
  const newProcessors = await processors.make(then.processors);
  const newSources = await sources.make(then.sources, beginning(changes, 'sources.'), then.labels);
  return async () => {
    log.setLevel?.(then.logLevel);
    journal.configure(then.journal);
    deadLetters.configure(then.deadLetters);
    alerts.configure(configuredAlerts(then.alerts));

    await sinks.end(ending(changes, 'sinks.'));
    sinks.begin(then.sinks, newSinks);
    await sources.end(ending(changes, 'sources.'));
    processors.begin(newProcessors);
    sources.begin(sourceScope, then.sources, newSources);
  };
}

function beginning(changes: readonly ComponentChange[], part: string): string[] {
  return namesOf(changes, part, ['added', 'rebuilt']);
}

function ending(changes: readonly ComponentChange[], part: string): string[] {
  return namesOf(changes, part, ['removed', 'rebuilt']);
}

function namesOf(
  changes: readonly ComponentChange[],
  part: string,
  kinds: readonly ComponentChange['change'][],
): string[] {
  return changes
    .filter(({ component, change }) => component.startsWith(part) && kinds.includes(change))
    .map(({ component }) => component.slice(part.length));
}
