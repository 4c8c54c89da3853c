/**
 * Joins the lines of one source key, by stream. A line that begins no event passes in its place. One that may begin an event
 * is kept until a line comes that is no part of it, until nothing has come for `timeoutMs`, or until a limit is reached;
 * what goes on behind a limit is a further event.
 *
 * Rows go out in front of the place that is read: before rows are read, as many free ones are put in front as lines are kept.
 */
import type { HeldLine, LineAccount, Stage, StageContext } from '../../pipeline/contract.js';
import type { Draft } from '../../pipeline/draft.js';
import type { Tally } from '../tally.js';
import { Event, NO_METADATA, type Piece, takeBack } from './event.js';
import { END, FAILED, type Grammar, INSTEAD, MESSAGE, STATE } from './grammar.js';
import { Line } from './line.js';
import { Mentions } from './mentions.js';
import { Openings } from './openings.js';

export interface Limits {
  readonly maxLines: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** Lines that wait for one that makes them part of an event: of a message, or between its parts. */
const MAX_WAITING = 8;
/** After a start lines of an event may take so much longer: its source must be found first. */
const RESTART_MS = 10_000;

export class MultilineStage implements Stage {
  readonly #grammars: readonly Grammar[];
  readonly #limits: Limits;
  readonly #context: StageContext;
  readonly #tally: Tally;
  readonly #openings: Openings;
  readonly #mentions = new Mentions();
  readonly #line = new Line();
  /** What the grammars answered last. */
  readonly #answers: Uint8Array;
  /** By stream. */
  #events = new Map<number, Event>();
  #draft!: Draft;
  /** Rows of the draft that are done. */
  #out = 0;
  /** For events that get a line now. */
  #dueMs = 0;
  #merged = 0;
  /** Lines that are kept, and how many of them the account knows. */
  #held = 0;
  #toldHeld = 0;

  constructor(grammars: readonly Grammar[], limits: Limits, context: StageContext, tally: Tally) {
    this.#grammars = grammars;
    this.#limits = limits;
    this.#context = context;
    this.#tally = tally;
    this.#openings = new Openings(grammars);
    this.#answers = new Uint8Array(grammars.length);
  }

  get dueMs(): number | undefined {
    if (this.#events.size === 0) return undefined;
    let due = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#events.values()) due = Math.min(due, dueMs);
    return due;
  }

  process(draft: Draft, account: LineAccount): void {
    const openings = this.#openings;
    const mentions = this.#mentions;
    const events = this.#events;
    const { selects } = this.#context;
    const free = this.#held;
    if (free > 0) draft.insertFront(free);
    this.#begin(draft, 0);
    this.#dueMs = this.#context.now() + this.#limits.timeoutMs;
    if (openings.wantsErrors) mentions.look(draft, free);

    const { length } = draft;
    let { arena, start, end, stream } = draft;
    let last = -1;
    let isSelected = false;
    let isOpen = false;
    let lines = 0;
    for (let row = free; row < length; row++) {
      const id = stream[row];
      if (id !== last) {
        last = id;
        isSelected = selects(id);
        isOpen = events.has(id);
      }
      if (!isSelected) {
        draft.moveRow(row, this.#out++);
        continue;
      }
      lines++;
      const from = start[row];
      const to = end[row];
      const namesError = openings.wantsErrors && mentions.has(arena, from, to);
      if (isOpen) this.#accept(pieceAt(draft, row, namesError));
      else {
        if (!namesError && !openings.mayBegin(arena, from, to)) {
          draft.moveRow(row, this.#out++);
          continue;
        }
        this.#line.set(arena, from, to);
        const begins = openings.begins(this.#line, namesError);
        if (begins === END) {
          draft.moveRow(row, this.#out++);
          continue;
        }
        this.#start(pieceAt(draft, row, namesError), begins, openings.states);
      }
      isOpen = events.has(id);
      ({ arena, start, end, stream } = draft);
    }
    draft.length = this.#out;
    this.#tally.lines += lines;
    this.#tell(account);
  }

  flush(draft: Draft, nowMs: number, account: LineAccount): void {
    this.#begin(draft, draft.length);
    for (const id of this.#events.keys())
      for (let event = this.#events.get(id); event && event.dueMs <= nowMs; event = this.#events.get(id)) {
        // What its waiting lines begin is as old.
        this.#dueMs = event.dueMs;
        this.#end(event);
      }
    this.#tell(account);
  }

  held(): readonly HeldLine[] {
    const names = this.#grammars.map(({ name }) => name);
    return [...this.#events.values()].flatMap((event) => {
      const stream = this.#context.streams.get(event.stream);
      return stream ? event.held(stream, names) : [];
    });
  }

  takeBack(lines: readonly HeldLine[]): void {
    const names = this.#grammars.map(({ name }) => name);
    this.#events = takeBack(lines, names, this.#context.now() + Math.max(RESTART_MS, this.#limits.timeoutMs));
    this.#held = lines.length;
    this.#toldHeld = lines.length;
  }

  #begin(draft: Draft, out: number): void {
    this.#draft = draft;
    this.#out = out;
    this.#merged = 0;
  }

  #tell(account: LineAccount): void {
    if (this.#merged > 0) account.merged(this.#merged);
    if (this.#held !== this.#toldHeld) account.held(this.#held - this.#toldHeld);
    this.#toldHeld = this.#held;
  }

  #accept(piece: Piece): void {
    for (;;) {
      const event = this.#events.get(piece.stream);
      if (!event) break;
      const answer = this.#follow(event, piece);
      if (answer !== END && answer < FAILED) return;
      this.#end(event);
      if (answer === FAILED) return this.#start(piece, FAILED, this.#answers);
      if (answer >= INSTEAD) return this.#start(piece, answer & STATE, this.#answers);
    }
    this.#line.set(piece.data, piece.start, piece.end);
    this.#start(piece, this.#openings.begins(this.#line, piece.namesError), this.#openings.states);
  }

  /** The line is part of nothing that is open. */
  #start(piece: Piece, begins: number, states: Uint8Array): void {
    if (begins === FAILED) this.#tally.fail(this.#draft, this.#put(piece), 'too_costly');
    else if (begins === END || piece.end - piece.start > this.#limits.maxBytes) this.#put(piece);
    else {
      this.#events.set(piece.stream, new Event(piece, states, this.#dueMs));
      this.#held++;
    }
  }

  /** What the grammars say of it (grammar.ts), together. The line is taken where it is part of the event, or may be. */
  #follow(event: Event, piece: Piece): number {
    const line = this.#line;
    line.set(piece.data, piece.start, piece.end);
    const grammars = this.#grammars;
    const answers = this.#answers;
    const { states } = event;
    let isPart = false;
    let any = END;
    for (let i = 0; i < grammars.length; i++) {
      const answer = states[i] === END ? END : grammars[i].follow(states[i], line);
      if (answer >= FAILED) {
        answers[i] = answer & STATE;
        return answer;
      }
      answers[i] = answer;
      any |= answer;
      if (answer !== END && answer <= STATE) isPart = true;
    }
    if (any === END) return END;
    if (isPart) {
      // To those that know the line it is more than some words of a message.
      for (let i = 0; i < answers.length; i++) states[i] = answers[i] <= STATE ? answers[i] : END;
      this.#join(event, piece);
      return any;
    }
    if ((any & MESSAGE) > 0 && this.#openings.begins(line, piece.namesError) !== END) {
      any = END;
      for (let i = 0; i < answers.length; i++)
        if ((answers[i] & MESSAGE) > 0) answers[i] = END;
        else any |= answers[i];
      if (any === END) return END;
    }
    const bytes = event.length + event.waitingBytes + piece.end - piece.start;
    if (event.waiting.length === MAX_WAITING || bytes > this.#limits.maxBytes) return END;
    for (let i = 0; i < answers.length; i++) states[i] = answers[i] & STATE;
    event.wait(piece);
    event.dueMs = this.#dueMs;
    this.#held++;
    return any;
  }

  /** The lines that wait are part of the event, and so is this one. */
  #join(event: Event, piece: Piece): void {
    const { waiting } = event;
    let current = event;
    this.#held -= waiting.length;
    if (waiting.length > 0) {
      event.waiting = [];
      event.waitingBytes = 0;
      for (const line of waiting) current = this.#joinOne(current, line);
    }
    this.#joinOne(current, piece).dueMs = this.#dueMs;
  }

  /** Answers the event that the line is in. */
  #joinOne(event: Event, piece: Piece): Event {
    const { maxLines, maxBytes } = this.#limits;
    if (event.lines < maxLines && event.length + 1 + piece.end - piece.start <= maxBytes) {
      event.join(piece);
      this.#merged++;
      return event;
    }
    this.#tally.did('limited');
    this.#putEvent(event);
    const next = new Event(piece, event.states, event.dueMs);
    this.#events.set(piece.stream, next);
    this.#held++;
    return next;
  }

  /** What waits is looked at anew: it is part of nothing, or begins something else. */
  #end(event: Event): void {
    this.#events.delete(event.stream);
    this.#putEvent(event);
    this.#held -= event.waiting.length;
    for (const line of event.waiting) this.#accept(line);
  }

  #putEvent(event: Event): void {
    this.#held--;
    if (event.lines > 1) this.#tally.did('joined');
    const { bytes, stream, seconds, nanos, flags, metadata } = event;
    this.#put({
      data: bytes,
      start: 0,
      end: bytes.length,
      stream,
      seconds,
      nanos,
      flags,
      metadata,
      namesError: false,
    });
  }

  /** Answers the row. */
  #put({ data, start, end, stream, seconds, nanos, flags, metadata }: Piece): number {
    const draft = this.#draft;
    const row = this.#out++;
    if (row === draft.length) {
      if (draft.isFull) draft.grow();
      draft.length++;
    }
    const from = data === draft.arena ? start : draft.append(data, start, end);
    draft.setLine(row, from, from + end - start);
    draft.stream[row] = stream;
    draft.seconds[row] = seconds;
    draft.nanos[row] = nanos;
    draft.flags[row] = flags;
    draft.metadata?.clear(row);
    if (metadata.length > 0) draft.fields().addEncoded(row, metadata, 0, metadata.length);
    return row;
  }
}

function pieceAt(draft: Draft, row: number, namesError: boolean): Piece {
  const { metadata } = draft;
  return {
    data: draft.arena,
    start: draft.start[row],
    end: draft.end[row],
    stream: draft.stream[row],
    seconds: draft.seconds[row],
    nanos: draft.nanos[row],
    flags: draft.flags[row],
    metadata: metadata?.has(row)
      ? metadata.bytes.subarray(metadata.start[row], metadata.end[row])
      : NO_METADATA,
    namesError,
  };
}
