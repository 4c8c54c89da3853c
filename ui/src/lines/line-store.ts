/**
 * The lines that a page has: rows in the order in which they are shown, bounded in number and in characters. Lines that go on
 * one before them (fold.ts) are in that one's row.
 *
 * A view follows by what it is told, in the very step; rows have numbers that rise downwards without a hole, so that a row's place
 * is its number less the first one's.
 */
import { millisOf } from '../lib/time.js';
import { Folding } from './fold.js';
import type { Break, Line } from './line.js';

export interface Row {
  /** Rises downwards by one. */
  number: number;
  /** Undefined in a row that is a break. */
  line: Line | undefined;
  /** What goes on it, in order. */
  rest: Line[];
  readonly break?: Break;
  /** Whether `rest` is shown. */
  isUnfolded: boolean;
  /** Whether the details are shown. */
  isExpanded: boolean;
  /** Rises when it must be drawn again. */
  version: number;
  /** Whether it is on its way into the store, there, or was. */
  state: 'new' | 'here' | 'gone';
}

export interface StoreWatcher {
  /** So many rows came at that end. */
  added(side: Side, count: number): void;
  dropped(side: Side, count: number): void;
  changed(row: Row): void;
  cleared(): void;
}

export type Side = 'top' | 'bottom';

export interface StoreLimits {
  readonly lines: number;
  readonly chars: number;
}

const LIMITS: StoreLimits = { lines: 50_000, chars: 24 * 1024 * 1024 };
/** One text of more lines than that goes on in a new row. */
const LONGEST_FOLD = 1_000;
const TOGETHER_MS = 5_000;
/** What a line takes besides its text, in characters. */
const LINE_CHARS = 150;
const MAX_STREAMS = 2_000;

/** One container's output, at one of the ends of what there is. */
interface Edge {
  readonly folding: Folding;
  row: Row;
}

export class LineStore {
  readonly #limits: StoreLimits;
  readonly #newestIs: Side;
  #rows: Row[] = [];
  #lines = 0;
  #chars = 0;
  #watcher: StoreWatcher | undefined;
  /** Of each stream the newest and the oldest row. */
  #newest = new Map<string, Edge>();
  #oldest = new Map<string, Row>();
  #countNewer = 0;

  /** `top`: what is shown first. */
  constructor(top: 'oldest' | 'newest', limits: StoreLimits = LIMITS) {
    this.#newestIs = top === 'newest' ? 'top' : 'bottom';
    this.#limits = limits;
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** Lines in all rows. */
  get lines(): number {
    return this.#lines;
  }

  get isFull(): boolean {
    return this.#lines >= this.#limits.lines || this.#chars >= this.#limits.chars;
  }

  /** Where the newest lines are. */
  get newestSide(): Side {
    return this.#newestIs;
  }

  /** How many lines were ever added at the newest end. */
  get countNewer(): number {
    return this.#countNewer;
  }

  get newestLine(): Line | undefined {
    const at = this.#newestIs === 'top' ? 0 : -1;
    const row = this.#rows.at(at);
    return row?.rest.at(-1) ?? row?.line;
  }

  get oldestLine(): Line | undefined {
    return this.#rows.at(this.#newestIs === 'top' ? -1 : 0)?.line;
  }

  /** One at a time; undefined: nobody. */
  watch(watcher: StoreWatcher | undefined): void {
    this.#watcher = watcher;
  }

  place(row: Row): number {
    return row.number - this.#rows[0].number;
  }

  clear(): void {
    for (const row of this.#rows) row.state = 'gone';
    this.#rows = [];
    this.#lines = 0;
    this.#chars = 0;
    this.#countNewer = 0;
    this.#newest.clear();
    this.#oldest.clear();
    this.#watcher?.cleared();
  }

  /** Lines that are newer than all that are here, oldest first. What is too much goes at the other end. */
  addNewer(lines: readonly Line[]): void {
    const added: Row[] = [];
    for (const line of lines) {
      const key = streamOf(line);
      const edge = this.#newest.get(key);
      const goesOn = edge !== undefined && isFoldable(line) && edge.folding.goesOn(line.line);
      if (edge && goesOn && canTake(edge.row, line)) {
        edge.row.rest.push(line);
        this.#change(edge.row);
      } else {
        const row = newRow(line);
        added.push(row);
        this.#remember(key, line, row);
      }
      this.#count(charsOf(line), 1);
    }
    this.#countNewer += lines.length;
    this.#add(this.#newestIs, added);
    this.#shrink(this.#newestIs === 'top' ? 'bottom' : 'top');
  }

  /** Lines that are older than all that are here, newest first. As many as there is room for; answers how many that were. */
  addOlder(lines: readonly Line[]): number {
    const room = Math.max(0, this.#limits.lines - this.#lines);
    const taken = this.#chars >= this.#limits.chars ? [] : lines.slice(0, room);
    const rows = this.#joinOlder(fold(taken.toReversed()));
    for (const line of taken) this.#count(charsOf(line), 1);
    this.#add(this.#newestIs === 'top' ? 'bottom' : 'top', rows);
    return taken.length;
  }

  /** Says something at the newest end. */
  addBreak(words: Break): void {
    this.#newest.clear();
    this.#count(LINE_CHARS, 1);
    this.#add(this.#newestIs, [newRow(undefined, words)]);
  }

  /** What a row shows of itself has changed. */
  update(row: Row, change: Partial<Pick<Row, 'isUnfolded' | 'isExpanded'>>): void {
    Object.assign(row, change);
    this.#change(row);
  }

  /** For whom all rows look different now. */
  touchAll(): void {
    for (const row of this.#rows) row.version++;
  }

  #change(row: Row): void {
    row.version++;
    if (row.state === 'here') this.#watcher?.changed(row);
  }

  #remember(key: string, line: Line, row: Row): void {
    if (this.#newest.size > MAX_STREAMS) this.#newest.clear();
    if (this.#oldest.size > MAX_STREAMS) this.#oldest.clear();
    if (!isFoldable(line)) {
      for (const cut of streamsOf(line.container)) this.#newest.delete(cut);
      return;
    }
    const folding = this.#newest.get(key)?.folding ?? begun(line);
    this.#newest.set(key, { folding, row });
    if (this.#rows.length === 0) this.#oldest.set(key, this.#oldest.get(key) ?? row);
  }

  /** Rows, oldest first, that are older than all: where one of them goes on in a row that is here, that one takes it. */
  #joinOlder(groups: ReadonlyMap<string, Group>): Row[] {
    const joined = new Set<Row>();
    for (const [key, { folding, rows }] of groups) {
      const last = rows.at(-1);
      const here = this.#oldest.get(key);
      if (
        last?.line &&
        here?.line &&
        isFoldable(last.line) &&
        here.state === 'here' &&
        canTake(last, here.line) &&
        folding.goesOn(here.line.line)
      ) {
        here.rest = [...last.rest, here.line, ...here.rest];
        here.line = last.line;
        joined.add(last);
        this.#change(here);
        this.#oldest.set(key, rows.length > 1 ? rows[0] : here);
      } else if (rows.length > 0) {
        this.#oldest.set(key, rows[0]);
      }
    }
    for (const { rows } of groups.values()) {
      const gap = rows.find(({ line }) => line?.gap !== undefined);
      for (const cut of gap?.line ? streamsOf(gap.line.container) : []) this.#oldest.delete(cut);
    }
    const all = [...groups.values()].flatMap(({ rows }) => rows).filter((row) => !joined.has(row));
    return all.sort((one, other) => one.number - other.number);
  }

  /** `rows` are oldest first. */
  #add(side: Side, rows: Row[]): void {
    if (rows.length === 0) return;
    const inOrder = this.#newestIs === 'top' ? rows.toReversed() : rows;
    if (side === 'bottom') {
      let number = (this.#rows.at(-1)?.number ?? -1) + 1;
      for (const row of inOrder) this.#rows.push(placed(row, number++));
    } else {
      let number = (this.#rows[0]?.number ?? 0) - inOrder.length;
      for (const row of inOrder) placed(row, number++);
      this.#rows = [...inOrder, ...this.#rows];
    }
    this.#watcher?.added(side, rows.length);
  }

  #shrink(side: Side): void {
    let dropped = 0;
    while (this.#lines > this.#limits.lines || this.#chars > this.#limits.chars) {
      const at = side === 'top' ? dropped : this.#rows.length - 1 - dropped;
      if (this.#rows.length - dropped <= 1) break;
      const row = this.#rows[at];
      row.state = 'gone';
      this.#count(row.line ? charsOf(row.line) : LINE_CHARS, -1);
      for (const line of row.rest) this.#count(charsOf(line), -1);
      dropped++;
    }
    if (dropped === 0) return;
    this.#rows.splice(side === 'top' ? 0 : -dropped, dropped);
    this.#watcher?.dropped(side, dropped);
  }

  #count(chars: number, by: 1 | -1): void {
    this.#lines += by;
    this.#chars += by * chars;
  }
}

interface Group {
  folding: Folding;
  /** Oldest first. */
  readonly rows: Row[];
}

/** Lines, oldest first, as rows by stream; their numbers are those of their order. */
function fold(lines: readonly Line[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const [number, line] of lines.entries()) {
    const group = groups.get(streamOf(line)) ?? { folding: new Folding(), rows: [] };
    groups.set(streamOf(line), group);
    const last = group.rows.at(-1);
    const goesOn = isFoldable(line) && group.folding.goesOn(line.line);
    if (last && goesOn && canTake(last, line)) last.rest.push(line);
    else group.rows.push(numbered(newRow(line), number));
    if (isFoldable(line)) continue;
    for (const cut of streamsOf(line.container)) {
      const others = groups.get(cut);
      if (others) others.folding = new Folding();
    }
  }
  return groups;
}

function newRow(line: Line | undefined, words?: Break): Row {
  return {
    number: 0,
    line,
    rest: [],
    ...(words && { break: words }),
    isUnfolded: false,
    isExpanded: false,
    version: 0,
    state: 'new',
  };
}

function numbered(row: Row, number: number): Row {
  row.number = number;
  return row;
}

function placed(row: Row, number: number): Row {
  row.state = 'here';
  return numbered(row, number);
}

/** A text of several lines is written at once. */
function canTake({ line, rest, state }: Row, next: Line): boolean {
  const last = rest.at(-1) ?? line;
  if (!last || state === 'gone' || rest.length >= LONGEST_FOLD) return false;
  return Math.abs(millisOf(next.time) - millisOf(last.time)) <= TOGETHER_MS;
}

function begun(line: Line): Folding {
  const folding = new Folding();
  folding.goesOn(line.line);
  return folding;
}

function isFoldable({ gap }: Line): boolean {
  return gap === undefined;
}

function streamOf({ container, stream, gap }: Line): string {
  return `${gap === undefined ? stream : 'gap'} ${container}`;
}

/** What a gap of a container cuts. */
function streamsOf(container: string): string[] {
  return ['stdout', 'stderr', ''].map((stream) => `${stream} ${container}`);
}

function charsOf({ line }: Line): number {
  return line.length + LINE_CHARS;
}
