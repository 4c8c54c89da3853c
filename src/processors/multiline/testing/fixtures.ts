/**
 * What real programs print, and which lines of it are one event: `> ` begins one, `| ` goes on with it. `events.txt` was
 * printed by the programs beside it (.NET: by Mono), `by-hand.txt` was written from what other versions and loggers print.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { MultilineLanguage } from '../../../config/processor-types.js';

const FOLDER = path.join(import.meta.dirname, '..', 'fixtures');

export interface Fixture {
  readonly language: MultilineLanguage;
  readonly name: string;
  /** Lines by event. */
  readonly events: readonly (readonly string[])[];
}

export function fixtures(): Fixture[] {
  return (readdirSync(FOLDER) as MultilineLanguage[]).flatMap((language) =>
    readdirSync(path.join(FOLDER, language))
      .filter((file) => file.endsWith('.txt'))
      .map((file) => {
        const marked = readFileSync(path.join(FOLDER, language, file), 'utf8');
        return { language, name: `${language}/${file}`, events: eventsOf(marked) };
      }),
  );
}

function eventsOf(marked: string): string[][] {
  const events: string[][] = [];
  for (const line of marked.split('\n').slice(0, -1))
    if (line.startsWith('> ')) events.push([line.slice(2)]);
    else events.at(-1)?.push(line.slice(2));
  return events;
}
