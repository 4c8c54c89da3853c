/** What this browser remembers of its user's choices; changes are seen by all that read the signal. */
import { type Signal, signal } from '@preact/signals';

const PREFIX = 'log-capturer.';

/** A choice among `values`, the first of which is the default. Kept where the browser allows it. */
function choice<T extends string>(name: string, values: readonly [T, ...T[]]): Signal<T> {
  const kept = values.find((value) => value === read(name));
  const chosen = signal<T>(kept ?? values[0]);
  chosen.subscribe((value) => {
    if (value !== (read(name) ?? values[0])) write(name, value);
  });
  return chosen;
}

function read(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Storage is refused or full: the choice lasts as long as the page.
  }
}

export const theme = choice('theme', ['system', 'light', 'dark']);
export const zone = choice('zone', ['local', 'utc']);
export const density = choice('density', ['compact', 'roomy']);
export const wrap = choice('wrap', ['on', 'off']);
export const rail = choice('rail', ['wide', 'narrow']);
