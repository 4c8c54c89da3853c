/**
 * What a soak leaves in its directory:
 *
 *   soak-<start>.jsonl   as it comes, one JSON object a line, each with one key: `head` first, then `sample` and `event`,
 *                        `criteria` last. A soak that is killed leaves every sample; at most the last line is torn.
 *   soak-<start>.json    the SoakReport, its samples thinned (thinned.ts)
 *   soak-<start>.html    the same for people
 *
 * The last two are made anew every minute and at the end, each under another name first, so that a reader never sees
 * half of one. Trouble with the disk does not end a soak: it is told once as an event, and again by `finish()`.
 */
import { appendFileSync, closeSync, fsyncSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AgentError, systemCode } from '../../runtime/errors.js';
import { makeFolders } from '../../runtime/folders.js';
import type { Criterion } from '../../selftest/criteria.js';
import { hasPassed } from '../../selftest/criteria.js';
import { replaceFile } from '../../selftest/report/folder.js';
import type { Sample, SoakReport } from '../types.js';
import { page } from './page.js';
import { ThinnedSamples } from './thinned.js';

/** What is known before the first sample. */
export type SoakHead = Omit<SoakReport, 'passed' | 'criteria' | 'events' | 'samples'>;

export interface ReportFiles {
  readonly html: string;
  readonly json: string;
  readonly samples: string;
}

type SoakEvent = SoakReport['events'][number];

const RENEW_SECONDS = 60;
/** The first and the last of them; the JSON lines hold all. */
const EVENTS_KEPT = 500;

export class ReportWriter {
  readonly files: ReportFiles;
  readonly #head: SoakHead;
  readonly #samples = new ThinnedSamples();
  readonly #firstEvents: SoakEvent[] = [];
  readonly #lastEvents: SoakEvent[] = [];
  #renewedAt = Number.NEGATIVE_INFINITY;
  #failure: unknown;

  private constructor(files: ReportFiles, head: SoakHead) {
    this.files = files;
    this.#head = head;
  }

  /** Makes the directory and the first files in it. Throws SELF_TEST_IMPOSSIBLE where it cannot be written. */
  static open(directory: string, head: SoakHead): ReportWriter {
    const name = `soak-${head.startedAt.replaceAll(/[^0-9TZ-]/g, '')}`;
    const file = (ending: string): string => path.join(directory, `${name}.${ending}`);
    const files = { html: file('html'), json: file('json'), samples: file('jsonl') };
    const writer = new ReportWriter(files, head);
    try {
      makeFolders(directory, 0o755);
      writeFileSync(files.samples, jsonLine({ head }));
      writer.#renew([], undefined);
    } catch (error) {
      throw unwritable(directory, error);
    }
    return writer;
  }

  sample(sample: Sample): void {
    this.#samples.add(sample);
    this.#try(sample.seconds, () => {
      appendFileSync(this.files.samples, jsonLine({ sample }));
      if (sample.seconds - this.#renewedAt < RENEW_SECONDS) return;
      this.#renewedAt = sample.seconds;
      this.#renew([], undefined);
    });
  }

  /** `text` may hold what the run was told by others: it is shown as text everywhere. */
  event(seconds: number, text: string): void {
    const event = { seconds, text };
    this.#keep(event);
    this.#try(seconds, () => appendFileSync(this.files.samples, jsonLine({ event })));
  }

  /** Writes it all with its verdict, and to the disk itself. Throws SELF_TEST_IMPOSSIBLE where that fails. */
  finish(criteria: readonly Criterion[]): ReportFiles {
    try {
      appendFileSync(this.files.samples, jsonLine({ criteria }));
      this.#renew(criteria, hasPassed(criteria));
      for (const file of Object.values(this.files)) sync(file);
      sync(path.dirname(this.files.html));
    } catch (error) {
      throw unwritable(path.dirname(this.files.html), error);
    }
    return this.files;
  }

  #keep(event: SoakEvent): void {
    if (this.#firstEvents.length < EVENTS_KEPT) {
      this.#firstEvents.push(event);
      return;
    }
    this.#lastEvents.push(event);
    if (this.#lastEvents.length > EVENTS_KEPT) this.#lastEvents.shift();
  }

  #renew(criteria: readonly Criterion[], passed: boolean | undefined): void {
    const report: SoakReport = {
      ...this.#head,
      passed,
      criteria,
      events: [...this.#firstEvents, ...this.#lastEvents],
      samples: this.#samples.list(),
    };
    replaceFile(this.files.json, `${JSON.stringify(report)}\n`);
    replaceFile(this.files.html, page(report, this.#samples.count));
  }

  #try(seconds: number, write: () => void): void {
    try {
      write();
    } catch (error) {
      if (this.#failure === undefined) {
        this.#keep({
          seconds,
          text: `The report could not be written: ${systemCode(error) ?? String(error)}.`,
        });
      }
      this.#failure = error;
    }
  }
}

function jsonLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function sync(file: string): void {
  const fd = openSync(file, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function unwritable(directory: string, error: unknown): AgentError {
  const why = systemCode(error) ?? String(error);
  return new AgentError(
    'SELF_TEST_IMPOSSIBLE',
    `The soak's report cannot be written to ${directory} (${why}).`,
    {
      remedy: 'Name another directory with --directory, or make room there.',
      cause: error,
    },
  );
}
