/** What is wrong with a configuration and where: all of it at once, one line each. */
import { AgentError } from '../runtime/errors.js';

/** Where a value was given: `file:line:column`, an environment variable or a flag. */
export interface Place {
  readonly label: string;
  /** Counted from 1; 0 where the place is no file. */
  readonly line: number;
  readonly column: number;
}

export interface Problem {
  readonly place: Place;
  readonly message: string;
}

export type ConfigPath = readonly PropertyKey[];

/** Thrown with everything that was found; its message has one line a problem, in the file's order. */
export class ConfigError extends AgentError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const sorted = problems.toSorted(
      (a, b) => a.place.line - b.place.line || a.place.column - b.place.column,
    );
    super('CONFIG_INVALID', sorted.map(({ place, message }) => `${place.label}: ${message}`).join('\n'));
    this.problems = sorted;
  }
}

/** Remembers for every key where it and its value were given. */
export class Places {
  readonly #root: Place;
  readonly #keys = new Map<string, Place>();
  readonly #values = new Map<string, Place>();

  constructor(root: Place) {
    this.#root = root;
  }

  set(path: ConfigPath, key: Place, value: Place): void {
    this.#keys.set(pathId(path), key);
    this.#values.set(pathId(path), value);
  }

  /** All of what is there was given at `place`. */
  replace(path: ConfigPath, place: Place): void {
    const below = `${pathId(path).slice(0, -1)},`;
    for (const places of [this.#keys, this.#values])
      for (const id of places.keys()) if (id.startsWith(below)) places.delete(id);
    this.set(path, place, place);
  }

  key(path: ConfigPath): Place {
    return this.#keys.get(pathId(path)) ?? this.value(path.slice(0, -1));
  }

  /** The place of the value, or of the nearest section around it that was given. */
  value(path: ConfigPath): Place {
    for (let length = path.length; length > 0; length--) {
      const place = this.#values.get(pathId(path.slice(0, length)));
      if (place) return place;
    }
    return this.#root;
  }
}

/** `sources.web.start_at`, `include.names[0]`. */
export function pathText(path: ConfigPath): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`))
    .join('');
}

function pathId(path: ConfigPath): string {
  return JSON.stringify(path.map(String));
}
