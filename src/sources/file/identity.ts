/**
 * Which file is which, whatever its name is now. A plain file is known by its inode, and a compressed one by its text: how that
 * begins, and that it is no longer than what it is made of.
 */
import { isSameFile } from '../docker/json-file/generations.js';
import { type LogFile, PlainFile } from '../docker/json-file/log-file.js';
import type { SavedFile } from './position.js';

/** So much text is compared. */
const COMPARED_BYTES = 16 * 1024;
/** What gzip tells of the size of its text is modulo this. */
export const SIZES: number = 2 ** 32;

/** Whether it is the file that a position speaks of, as it was, as far as it was read; it is known by that from now on. */
export function isSame(file: LogFile, { file: saved, inode, createdMs }: SavedFile): boolean {
  const [length, , out, err, tail] = saved;
  if (length === 0) return !file.isCompressed && file.inode === inode && file.createdMs === createdMs;
  if (!file.identifyAs(saved)) return false;
  const offset = Math.max(out, err);
  // The size of compressed text is known modulo 4 GiB, or not at all.
  if (!(file instanceof PlainFile)) return file.size === 0 || offset >= SIZES || file.size >= offset;
  return file.size >= offset && (tail === undefined || file.tailBefore(offset) === tail);
}

/** Whether it is a copy of that file, and shorter than what was read of it. */
export function isPartOf(file: LogFile, { file: saved }: SavedFile): boolean {
  const [, , out, err] = saved;
  return file.matches(saved) && file.size < Math.max(out, err);
}

/** Whether it is a file that is held, under another name or compressed. */
export function isHeld(file: LogFile, held: LogFile): boolean {
  if (isSameFile({ dev: file.device, ino: file.inode }, held)) return true;
  return file.isCompressed && isBeginningOf(file, held);
}

/** Whether what `file` holds stands at the beginning of `whole`; false where it holds nothing. */
export function isBeginningOf(file: LogFile, whole: LogFile): boolean {
  for (const one of [file, whole]) if (one instanceof PlainFile) one.stat();
  if (file.size > whole.size) return false;
  // Not every compressed file tells its size.
  const length = Math.min(file.size || whole.size, COMPARED_BYTES);
  const head = file.head(length);
  return head.length > 0 && head.length === length && head.equals(whole.head(length));
}
