/** Shared by the tests of the search: a journal on a real disk, jobs run in this thread, and their answers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openJournal } from '../../journal/index.js';
import type { JournalLimits } from '../../journal/limits.js';
import { batchOf, OPTIONS, type TestLine } from '../../journal/testing/test-kit.js';
import type { Journal, JournalOptions } from '../../journal/types.js';
import { CATCH_UP_LABEL, StreamTable } from '../../pipeline/streams.js';
import { silentLogger } from '../../runtime/log.js';
import { Scope } from '../../runtime/scope.js';
import { Archive } from '../archive.js';
import type { Room } from '../candidates.js';
import type { JobContext } from '../job-context.js';
import { startJob } from '../jobs/index.js';
import type { HistoryRequest, Question } from '../requests.js';

export const SMALL_SEGMENTS: JournalLimits = { segmentBytes: 4_000, groupBytes: 2_000, heldBytes: 2 ** 30 };

/** A journal in a folder of its own, which is written, closed and opened again. */
export class History {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-search-'));
  /** As one worker has it. */
  readonly archive = new Archive({ add: () => {} });
  journal!: Journal;
  #scope!: Scope;
  #streams!: StreamTable;
  readonly #options: Partial<JournalOptions>;
  readonly #limits: JournalLimits;

  constructor(options: Partial<JournalOptions> = {}, limits: JournalLimits = SMALL_SEGMENTS) {
    this.#options = options;
    this.#limits = limits;
  }

  async open(): Promise<this> {
    this.#scope = Scope.root('test', (error) => {
      throw error;
    });
    this.#streams = new StreamTable();
    const options = { ...OPTIONS, ...this.#options };
    this.journal = await openJournal(
      this.folder,
      options,
      this.#streams,
      this.#scope,
      silentLogger,
      undefined,
      this.#limits,
    );
    return this;
  }

  /** In one commit, which is durable then. */
  async write(lines: readonly TestLine[]): Promise<void> {
    for (const isCatchUp of [false, true]) {
      const some = lines.filter(({ labels }) => CATCH_UP_LABEL in labels === isCatchUp);
      if (some.length === 0) continue;
      void this.journal.append(batchOf(this.#streams, some), 'k', 0, { key: 'k', from: 0, to: 0 });
    }
    await this.journal.barrier();
  }

  async close(): Promise<void> {
    await this.#scope.close();
  }

  async remove(): Promise<void> {
    await this.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const WIDE_ROOM: Room = { lines: 1_000, bytes: 2 ** 20 };

export function contextOf(
  journal: Journal,
  room = WIDE_ROOM,
  archive = new Archive({ add: () => {} }),
): JobContext {
  const onSpan: JobContext['onSpan'] = (base, span) => journal.learnSpan(base, span);
  return { archive, room, onSpan, isStopping: () => false };
}

/** All that a job answers. */
export async function answerTo(
  journal: Journal,
  question: Question,
  context = contextOf(journal),
): Promise<string> {
  const request = { ...question, files: journal.history() } as HistoryRequest;
  const parts: Buffer[] = [];
  for await (const part of startJob(context, request)) if (part !== undefined) parts.push(Buffer.from(part));
  context.archive.rest();
  return Buffer.concat(parts).toString();
}

export interface AnsweredLine {
  readonly time: string;
  readonly container: string;
  readonly stream: string;
  readonly level: string;
  readonly line: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly gap?: string;
  readonly cut?: number;
}

export interface SearchEnd {
  readonly reason: string;
  readonly found: number;
  readonly damagedBlocks: number;
  readonly removedSegments: number;
  readonly continueAt?: string;
}

export interface SearchAnswer {
  readonly lines: AnsweredLine[];
  readonly end: SearchEnd;
}

/** The events of a search, each line with the labels that its number names. */
export function parseSearch(text: string): SearchAnswer {
  const labels: Record<string, Readonly<Record<string, string>>> = {};
  const lines: AnsweredLine[] = [];
  let end: SearchEnd | undefined;
  for (const { name, data } of eventsIn(text)) {
    if (name === 'labels') Object.assign(labels, data);
    if (name === 'end') end = data as SearchEnd;
    if (name !== 'lines') continue;
    const told = (data as { lines: (Omit<AnsweredLine, 'labels'> & { labels: number })[] }).lines;
    for (const line of told) lines.push({ ...line, labels: labels[line.labels] });
  }
  if (!end) throw new Error(`The search did not end: ${text.slice(-500)}`);
  return { lines, end };
}

export function eventsIn(text: string): { name: string; data: unknown }[] {
  return [...text.matchAll(/^event: (\w+)\ndata: (.*)\n\n/gm)].map(([, name, data]) => ({
    name,
    data: JSON.parse(data) as unknown,
  }));
}
