/** What the page of a line says where the line is not there. */
import { millisOf, momentText, type Zone } from '../lib/time.js';

/** `oldest` is the time of the history's first line; null where there is none, undefined where it is not known. */
export function goneWords(time: string, oldest: string | null | undefined, zone: Zone): string {
  if (oldest === null) return 'This line is gone: the history is empty.';
  if (oldest !== undefined && time < oldest)
    return `This line is gone: the history reaches back to ${momentText(millisOf(oldest), zone)}. How far it does is set by journal.max_age and journal.max_bytes.`;
  return 'There is no line of this container at this very time. Below is what it wrote around it.';
}
