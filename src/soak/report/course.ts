/** The phases and events of a run, as the plots show them. */

import { clockTime } from '../../selftest/report/figures.js';
import type { Sample, SoakReport } from '../types.js';
import type { Course } from './plot.js';

/** Marks closer than this share of the picture become one. */
const MARKS = 80;
const TEXTS_EACH = 5;
const TEXT_LENGTH = 120;

export function courseOf(samples: readonly Sample[], events: SoakReport['events']): Course {
  const endSeconds = Math.max(1, samples.at(-1)?.seconds ?? 0, events.at(-1)?.seconds ?? 0);
  return { endSeconds, bands: bandsOf(samples, endSeconds), marks: marksOf(events, endSeconds) };
}

function bandsOf(samples: readonly Sample[], endSeconds: number): Course['bands'] {
  const starts = samples.filter(({ phase }, i) => phase !== samples[i - 1]?.phase);
  return starts.map(({ phase, seconds }, i) => ({
    name: phase,
    from: i === 0 ? 0 : seconds,
    to: starts.at(i + 1)?.seconds ?? endSeconds,
  }));
}

function marksOf(events: SoakReport['events'], endSeconds: number): Course['marks'] {
  const places = new Map<number, { seconds: number; texts: string[]; count: number }>();
  for (const { seconds, text } of events) {
    const place = Math.floor((seconds / endSeconds) * MARKS);
    const mark = places.get(place) ?? { seconds, texts: [], count: 0 };
    places.set(place, mark);
    mark.count++;
    if (mark.count <= TEXTS_EACH) mark.texts.push(`${clockTime(seconds)} ${cut(text)}`);
  }
  return [...places.values()].map(({ seconds, texts, count }) => ({
    seconds,
    texts: count > texts.length ? [...texts, `and ${count - texts.length} more`] : texts,
  }));
}

function cut(text: string): string {
  return text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}…` : text;
}
