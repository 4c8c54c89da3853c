/**
 * Which log a file belongs to, whatever its name is now: so that one with two names is read once, and one that was
 * renamed goes on where it ended.
 *
 * A file that is held is known by its device and inode; one of a saved position that was not opened yet by its folder and
 * inode.
 */
import { fstatSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { Logger } from '../../runtime/log.js';
import type { LogFile } from '../docker/json-file/log-file.js';
import type { FileLog } from './file-log.js';
import type { SavedLog } from './position.js';

const MOST_FINISHED = 1000;

export class Owners {
  readonly #held = new Map<string, FileLog>();
  readonly #claims = new Map<string, FileLog>();
  /** Files that have another name now, which is no rotation of their log's. */
  readonly #finished = new Map<string, SavedLog>();
  /** Where the agent's own output goes, if that is a file. */
  readonly #own = new Set<string>();

  /** A log of the agent that is captured by it grows for ever. */
  refuseOwnOutput(logger: Logger): void {
    for (const fd of [1, 2]) {
      try {
        const stat = fstatSync(fd);
        if (stat.isFile()) this.#own.add(identityOf(stat));
      } catch (error) {
        logger.debug({ fd, error }, 'The agent has no such output.');
      }
    }
  }

  isOwnOutput(stat: Stats): boolean {
    return this.#own.has(identityOf(stat));
  }

  /** Undefined where nobody has the file of that folder, or its log is done with it. */
  ownerOf(folder: string, stat: Stats): FileLog | undefined {
    const identity = identityOf(stat);
    if (this.#finished.has(identity)) return undefined;
    return this.#held.get(identity) ?? this.#claims.get(`${folder}:${stat.ino}`);
  }

  /** The file is that of `log`, which goes on where another one was done with it. */
  give(stat: Stats, log: FileLog): void {
    const identity = identityOf(stat);
    this.#held.set(identity, log);
    const finished = this.#finished.get(identity);
    if (finished) log.takeOver(finished);
    this.#finished.delete(identity);
  }

  hold({ device, inode }: LogFile, log: FileLog): void {
    this.#held.set(`${device}:${inode}`, log);
  }

  /** The files of the log's saved position are its own. */
  claim(log: FileLog): void {
    const folder = dirname(log.realPath);
    for (const inode of log.inodes) this.#claims.set(`${folder}:${inode}`, log);
  }

  /** Files of these inodes were opened, or are not there. */
  unclaim(log: FileLog, inodes: readonly number[]): void {
    const folder = dirname(log.realPath);
    for (const inode of inodes) this.#claims.delete(`${folder}:${inode}`);
  }

  /** Whoever finds the file by another name goes on where it ended. */
  finish(file: LogFile): void {
    if (file.isCompressed) return;
    const identity = `${file.device}:${file.inode}`;
    this.#held.delete(identity);
    const [length, crc] = file.fingerprint(file.size);
    const now = Math.floor(Date.now() / 1000);
    const saved: SavedLog = {
      seconds: now,
      nanos: 0,
      isCut: false,
      files: [
        {
          file: [length, crc, file.size, file.size],
          inode: file.inode,
          createdMs: file.createdMs,
          isLate: false,
        },
      ],
      olderMs: now * 1000,
      done: [],
    };
    this.#finished.set(identity, saved);
    for (const first of this.#finished.keys()) {
      if (this.#finished.size <= MOST_FINISHED) break;
      this.#finished.delete(first);
    }
  }

  /** The log holds nothing any more. True where it did. */
  disown(log: FileLog): boolean {
    let had = false;
    for (const [identity, owner] of this.#held) had = (owner === log && this.#held.delete(identity)) || had;
    return had;
  }
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
