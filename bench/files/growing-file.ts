/** A log that grows by numbered lines and is rotated, and what is known of it, to judge by (judge.ts). */
import {
  appendFileSync,
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { ifThere } from '../../src/sources/docker/json-file/log-file.js';

export const STYLES = ['rename', 'copytruncate', 'compress'] as const;
export type Style = (typeof STYLES)[number];

/** Something that was done to the file, and which line was to be written next. */
export interface Deed {
  readonly what: string;
  readonly next: number;
  readonly ms: number;
}

/** Old files that are kept: so many that none is removed before it was read, though the agent may be down for some seconds. */
const GENERATIONS = 10;
/** Between a copy and its cut. */
const DESTROYED_LINES = 2;

export class GrowingFile {
  readonly path: string;
  readonly style: Style;
  /** The number of the next line. */
  next = 0;
  readonly deeds: Deed[] = [];
  /** Lines that were written between a copy and its cut: they may be missing. */
  readonly destroyed = new Set<number>();

  constructor(folder: string, index: number) {
    this.path = path.join(folder, `app-${String(index).padStart(5, '0')}.log`);
    this.style = STYLES[index % STYLES.length];
    writeFileSync(this.path, '');
  }

  get rotations(): number {
    return this.deeds.length;
  }

  get cuts(): number {
    return this.style === 'copytruncate' ? this.deeds.length : 0;
  }

  write(lines: number): void {
    let text = '';
    for (let i = 0; i < lines; i++, this.next++)
      text += `${this.next} ${'x'.repeat(64 + (this.next % 90))}\n`;
    appendFileSync(this.path, text);
  }

  rotate(): void {
    for (let n = GENERATIONS; n >= 1; n--)
      for (const suffix of ['', '.gz'])
        ifThere(() => renameSync(`${this.path}.${n}${suffix}`, `${this.path}.${n + 1}${suffix}`));
    const first = `${this.path}.1`;
    if (this.style === 'copytruncate') {
      copyFileSync(this.path, first);
      for (let n = 0; n < DESTROYED_LINES; n++) this.destroyed.add(this.next + n);
      this.write(DESTROYED_LINES);
      truncateSync(this.path);
    } else {
      renameSync(this.path, first);
      writeFileSync(this.path, '');
    }
    if (this.style === 'compress') {
      writeFileSync(`${first}.gz`, gzipSync(readFileSync(first)));
      rmSync(first);
    }
    this.deeds.push({ what: this.style, next: this.next, ms: Date.now() });
  }
}
