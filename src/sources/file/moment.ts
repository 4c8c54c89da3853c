/** All that the names of a log mean at one moment: the file that bears its name, and what rotations left of older ones. */
import { existsSync, statSync } from 'node:fs';
import type { Scope } from '../../runtime/scope.js';
import { closeAll, isSameFile } from '../docker/json-file/generations.js';
import { GzipFile } from '../docker/json-file/gzip-file.js';
import { ifThere, type LogFile, PlainFile } from '../docker/json-file/log-file.js';
import { type Generation, generationsOf } from './generations.js';
import { IDENTIFYING_BYTES } from './position.js';
import { canReadZstd, ZstdFile } from './zstd-file.js';

/** A rotation takes a moment. */
const ATTEMPTS = 20;
/** A compressed file of more bytes holds some text: with its own name, its header has no more. */
const LARGEST_HEADER = 512;

export interface Names {
  /** What bears the log's name. Undefined where there is nothing, or no regular file. */
  readonly openNewest: (path: string) => PlainFile | undefined;
  /** The newest first. */
  readonly list: () => readonly Generation[];
  /** Undefined where it is not there any more, and of a compressed file without any text. */
  readonly open: (generation: Generation) => LogFile | undefined;
}

/**
 * What `work` makes of the names of the log whose rotations are beside `realPath`. Where one of them went on to another file
 * meanwhile, what was opened is closed, and it is done again: else a file would be seen under two names, or under none.
 */
export function atOneMoment<T>(scope: Scope, realPath: string, work: (names: Names) => T): T {
  for (let attempt = 1; ; attempt++) {
    const opened: LogFile[] = [];
    const checks: (() => boolean)[] = [];
    const keep = <F extends LogFile>(file: F | undefined): F | undefined => {
      if (file) opened.push(file);
      return file;
    };
    const result = work({
      openNewest(path) {
        const newest = keep(openNewest(scope, path));
        checks.push(() => bears(path, newest));
        return newest;
      },
      list: () => generationsOf(realPath),
      open(generation) {
        const file = keep(openFile(scope, generation.path));
        const isThere = file ? file.inode === generation.inode : existsSync(generation.path);
        checks.push(() => isThere);
        if (!file || !isWithoutText(file, generation)) return file;
        void file.close();
        return undefined;
      },
    });
    if (attempt === ATTEMPTS || checks.every((isStill) => isStill())) return result;
    closeAll(opened);
  }
}

/** Whether `path` is the name of `file`; undefined: of no regular file. */
export function bears(path: string, file: LogFile | undefined): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) return file === undefined;
  return file !== undefined && isSameFile(stat, file);
}

function openNewest(scope: Scope, path: string): PlainFile | undefined {
  // Opening a pipe would wait for its writer.
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  return openFile(scope, path) as PlainFile | undefined;
}

/** Undefined where it is not there, or cannot be decompressed here. */
function openFile(scope: Scope, path: string): LogFile | undefined {
  if (path.endsWith('.zst') && !canReadZstd) return undefined;
  const file = ifThere((): LogFile => {
    if (path.endsWith('.gz')) return GzipFile.open(scope, path);
    return path.endsWith('.zst') ? ZstdFile.open(scope, path) : PlainFile.open(scope, path);
  });
  if (file) file.identifyingBytes = IDENTIFYING_BYTES;
  return file;
}

function isWithoutText(file: LogFile, { bytes }: Generation): boolean {
  return file.isCompressed && bytes <= LARGEST_HEADER && file.head(1).length === 0;
}
