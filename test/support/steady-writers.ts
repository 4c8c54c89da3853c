/**
 * Programs that write numbered lines while something else goes on: to a file that is rotated, to the journal of a journalctl
 * that the agent finds in its PATH, to a syslog port. A line is `[7] request=7 …`, and numbers begin at 1.
 */
import { appendFileSync, chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { projectRoot } from './project.js';

const EVERY_MS = 20;
const LINES_AT_ONCE = 5;
const ROTATED_AFTER = 400;

const line = (number: number): string => `[${number}] request=${number} of a steady writer`;

abstract class SteadyWriter {
  /** Of the last line. */
  written = 0;
  #isStopping = false;
  #ended: Promise<void> | undefined;

  start(): this {
    this.#ended = this.#run();
    return this;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#ended;
  }

  /** Numbers of the next few lines. */
  protected next(): number[] {
    return Array.from({ length: LINES_AT_ONCE }, () => ++this.written);
  }

  protected abstract write(): void | Promise<void>;

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      await this.write();
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }
}

/** Rotates by renaming: app.log, app.log.1, … */
export class FileWriter extends SteadyWriter {
  readonly file: string;
  #rotations = 0;

  constructor(folder: string) {
    super();
    mkdirSync(folder, { recursive: true });
    this.file = path.join(folder, 'app.log');
  }

  protected override write(): void {
    const text = this.next().map((number) => `${line(number)}\n`);
    appendFileSync(this.file, text.join(''));
    if (this.written % ROTATED_AFTER !== 0) return;
    for (let age = this.#rotations++; age >= 0; age--) {
      const name = (age: number): string => (age === 0 ? this.file : `${this.file}.${age}`);
      renameSync(name(age), name(age + 1));
    }
  }
}

export class JournalWriter extends SteadyWriter {
  /** For the front of the agent's PATH. */
  readonly bin: string;
  readonly #journal: string;

  constructor(folder: string) {
    super();
    this.bin = path.join(folder, 'bin');
    this.#journal = path.join(folder, 'journal.txt');
    mkdirSync(this.bin, { recursive: true });
    writeFileSync(this.#journal, '');
    const program = path.join(this.bin, 'journalctl');
    const words = [process.execPath, path.join(projectRoot(), 'test/support/journalctl.mjs'), this.#journal];
    writeFileSync(program, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`);
    chmodSync(program, 0o755);
  }

  protected override write(): void {
    appendFileSync(
      this.#journal,
      this.next()
        .map((number) => `${line(number)}\n`)
        .join(''),
    );
  }
}

/** A connection for each few messages. One that ends well says that they were taken; of others nobody can know. */
export class SyslogWriter extends SteadyWriter {
  readonly #port: number;
  readonly taken: number[] = [];

  constructor(port: number) {
    super();
    this.#port = port;
  }

  protected override async write(): Promise<void> {
    const numbers = this.next();
    const sent = numbers.map((number) => `<13>1 - here net - - - ${line(number)}\n`).join('');
    const isTaken = await new Promise<boolean>((resolve) => {
      const socket = connect(this.#port, '127.0.0.1', () => socket.end(sent));
      let isWhole = false;
      socket.resume();
      socket.on('end', () => {
        isWhole = socket.writableFinished;
      });
      socket.on('error', () => {});
      socket.on('close', (hadError) => resolve(isWhole && !hadError));
    });
    if (isTaken) this.taken.push(...numbers);
  }
}
