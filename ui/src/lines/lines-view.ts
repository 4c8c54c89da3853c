/**
 * The list of lines in the page: only the rows that are seen are elements. Everything that happens between two frames is drawn
 * once, in the next one.
 *
 * The rows stand one below the other in a block at the place of the first of them, so that they cannot overlap whatever their
 * heights; those that are not drawn count with an estimate until they were once. Where the reader has scrolled away from the newest
 * line, the row at the top of what is seen stays where it is.
 */

import type { VNode } from 'preact';
import { render } from 'preact';
import { type Anchor, anchorAt, topOf, topToShow, windowAt } from './follow.js';
import type { Line } from './line.js';
import type { LineStore, Row, Side, StoreWatcher } from './line-store.js';
import { type RowLook, rowElement } from './row-element.js';
import { DEFAULT_METRICS, estimateHeight, measureRow } from './row-metrics.js';
import { SumTree } from './sum-tree.js';

export interface ViewOptions {
  /** Whether it goes with the newest line when it comes. */
  readonly follows: boolean;
  /** Whether long lines are broken. */
  readonly wraps: boolean;
  /** Called in the frame in which something of it has changed. */
  onChange(state: ViewState): void;
  detail(row: Row, line: Line): VNode;
}

export interface ViewState {
  readonly isFollowing: boolean;
  /** Lines that came since it does not follow. */
  readonly behind: number;
  readonly isNearTop: boolean;
  readonly isNearBottom: boolean;
}

interface Drawn {
  readonly element: HTMLElement;
  readonly version: number;
}

const SLOTS = 65_536 * 2;
const OVER_PX = 300;
const OVER_FOLLOWING_PX = 60;
const DRAW_EVERY_MS = 30;
const EDGE_PX = 400;
const MAX_PASSES = 4;

export class LinesView implements StoreWatcher {
  readonly #root: HTMLElement;
  readonly #sizer: HTMLElement;
  readonly #block: HTMLElement;
  readonly #store: LineStore;
  readonly #options: ViewOptions;
  readonly #tree = new SumTree(SLOTS);
  readonly #drawn = new Map<Row, Drawn>();
  readonly #resizes: ResizeObserver;
  #look: RowLook;
  #wraps: boolean;
  #isFollowing: boolean;
  #anchor: Anchor | undefined;
  /** What was scrolled to last, by us or by the reader. */
  #top = 0;
  #width = 0;
  #seenNewer = 0;
  #selected: Row | undefined;
  #revealed: Row | undefined;
  #frame = 0;
  #drawnAt = 0;
  #metrics = DEFAULT_METRICS;

  constructor(root: HTMLElement, store: LineStore, look: RowLook, options: ViewOptions) {
    this.#root = root;
    this.#store = store;
    this.#look = look;
    this.#options = options;
    this.#wraps = options.wraps;
    this.#isFollowing = options.follows;
    this.#block = document.createElement('div');
    this.#block.className = 'lines-block';
    this.#sizer = document.createElement('div');
    this.#sizer.className = 'lines-sizer';
    this.#sizer.append(this.#block);
    root.append(this.#sizer);
    this.#resizes = new ResizeObserver(() => this.#onResize());
    this.#resizes.observe(root);
    root.addEventListener('scroll', this.#onScroll, { passive: true });
    root.addEventListener('wheel', this.#onWheel, { passive: true });
    this.#seenNewer = store.countNewer;
    for (const row of store.rows) this.#tree.push(estimateHeight(row, this.#metrics));
    store.watch(this);
    this.#schedule();
  }

  close(): void {
    this.#store.watch(undefined);
    cancelAnimationFrame(this.#frame);
    this.#resizes.disconnect();
    this.#root.removeEventListener('scroll', this.#onScroll);
    this.#root.removeEventListener('wheel', this.#onWheel);
    for (const row of this.#drawn.keys()) this.#forget(row);
    this.#sizer.remove();
  }

  added(side: Side, count: number): void {
    const { rows } = this.#store;
    if (side === 'bottom') {
      for (let at = rows.length - count; at < rows.length; at++)
        this.#tree.push(estimateHeight(rows[at], this.#metrics));
    } else {
      for (let at = count - 1; at >= 0; at--) this.#tree.unshift(estimateHeight(rows[at], this.#metrics));
    }
    this.#schedule();
  }

  dropped(side: Side, count: number): void {
    for (let i = 0; i < count; i++) {
      if (side === 'top') this.#tree.shift();
      else this.#tree.pop();
    }
    this.#schedule();
  }

  changed(row: Row): void {
    this.#schedule();
    if (!this.#drawn.has(row)) this.#tree.set(this.#store.place(row), estimateHeight(row, this.#metrics));
  }

  cleared(): void {
    this.#tree.clear();
    this.#anchor = undefined;
    this.#selected = undefined;
    this.#isFollowing = this.#options.follows;
    this.#seenNewer = 0;
    this.#top = 0;
    this.#schedule();
  }

  /** The look of all rows, and whether they are broken. */
  setLook(look: RowLook, wraps: boolean): void {
    this.#look = look;
    this.#wraps = wraps;
    this.#root.classList.toggle('has-days', look.showsDay);
    this.#store.touchAll();
    this.#measureAnew();
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** With the newest line from now on, or not. */
  follow(isFollowing: boolean): void {
    if (isFollowing === this.#isFollowing) return;
    this.#isFollowing = isFollowing;
    this.#seenNewer = this.#store.countNewer;
    this.#keepPlace();
    this.#schedule();
  }

  get selected(): Row | undefined {
    return this.#selected?.state === 'here' ? this.#selected : undefined;
  }

  /** To the row `by` rows further down; where none is selected, to the last one that is seen, or the first. */
  select(by: 1 | -1): void {
    const { rows } = this.#store;
    if (rows.length === 0) return;
    this.follow(false);
    const from = this.selected;
    const seen = by > 0 ? this.#tree.at(this.#top) : this.#tree.at(this.#top + this.#root.clientHeight - 1);
    const at = from ? this.#store.place(from) + by : seen;
    this.show(rows[Math.max(0, Math.min(rows.length - 1, at))]);
  }

  /** Selects a row, and scrolls as far as it takes; undefined: none. */
  show(row: Row | undefined): void {
    for (const one of [this.#selected, row]) if (one) one.version++;
    this.#selected = row;
    this.#schedule();
    if (!row) return;
    this.follow(false);
    this.reveal(row);
  }

  /** Scrolls as far as it takes to see all of a row once it is drawn. */
  reveal(row: Row): void {
    this.#revealed = row;
    this.#schedule();
  }

  /** Puts a row into the middle. */
  center(row: Row): void {
    this.follow(false);
    const at = this.#store.place(row);
    // By itself, so that it stays in the middle when the rows above turn out to be of other heights.
    this.#anchor = { row, delta: (this.#tree.size(at) - this.#root.clientHeight) / 2 };
    this.#schedule();
  }

  /** The newest end means to follow, where that is wanted at all. */
  scrollTo(side: Side): void {
    this.follow(this.#options.follows && side === this.#store.newestSide);
    this.#anchor = anchorAt(this.#tree, this.#store.rows, side === 'top' ? 0 : this.#tree.total);
    this.#schedule();
  }

  /** The row that an element is in. */
  rowOf(target: EventTarget | null): Row | undefined {
    for (const [row, { element }] of this.#drawn) if (element.contains(target as Node)) return row;
    return undefined;
  }

  #schedule(): void {
    this.#frame ||= requestAnimationFrame((now) => {
      this.#frame = 0;
      // Nobody reads thirty new screens a second: every second frame is left to whatever else there is.
      if (this.#isFollowing && now - this.#drawnAt < DRAW_EVERY_MS) {
        this.#schedule();
      } else {
        this.#drawnAt = now;
        this.#draw();
      }
    });
  }

  #draw(): void {
    const height = this.#root.clientHeight;
    if (height === 0) return;
    const over = this.#isFollowing ? OVER_FOLLOWING_PX : OVER_PX;
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      this.#top = this.#wantedTop(height);
      const { first, last } = windowAt(this.#tree, this.#top, height, over);
      this.#place(first, last);
      if (!this.#measure(first, last) && !this.#revealNow(height)) break;
    }
    this.#top = this.#wantedTop(height);
    this.#sizer.style.height = `${this.#tree.total}px`;
    if (Math.abs(this.#root.scrollTop - this.#top) >= 1) this.#root.scrollTop = this.#top;
    this.#tell(height);
  }

  /** Whether that moved anything. */
  #revealNow(height: number): boolean {
    const row = this.#revealed;
    this.#revealed = undefined;
    if (row?.state !== 'here') return false;
    const top = topToShow(this.#tree, this.#store.place(row), this.#top, height);
    if (top === this.#top) return false;
    this.#anchor = anchorAt(this.#tree, this.#store.rows, top);
    return true;
  }

  #wantedTop(height: number): number {
    const { total } = this.#tree;
    if (!this.#isFollowing) return topOf(this.#tree, this.#store.rows, this.#anchor, height);
    return this.#store.newestSide === 'top' ? 0 : Math.max(0, total - height);
  }

  /** Makes the block the rows from `first` to `last`; only what is not there yet, or looks different now, is made. */
  #place(first: number, last: number): void {
    const { rows } = this.#store;
    for (const row of this.#drawn.keys()) {
      const at = row.state === 'here' ? this.#store.place(row) : -1;
      if (at < first || at > last) this.#forget(row);
    }
    let next = this.#block.firstChild;
    for (let at = first; at <= last; at++) {
      const row = rows[at];
      const drawn = this.#drawn.get(row);
      if (drawn && drawn.version === row.version) {
        if (next === drawn.element) next = next.nextSibling;
        else this.#block.insertBefore(drawn.element, next);
      } else {
        const hadFocus = drawn?.element.contains(document.activeElement);
        if (drawn) {
          if (next === drawn.element) next = next.nextSibling;
          this.#forget(row);
        }
        const element = this.#element(row);
        this.#drawn.set(row, { element, version: row.version });
        this.#block.insertBefore(element, next);
        if (hadFocus) element.querySelector<HTMLElement>('[data-action]')?.focus({ preventScroll: true });
      }
    }
    this.#block.style.transform = `translateY(${this.#tree.offset(first)}px)`;
  }

  #element(row: Row): HTMLElement {
    const element = rowElement(row, this.#look);
    if (row === this.#selected) element.classList.add('is-selected');
    if (row.isExpanded && row.line) {
      element.classList.add('is-expanded');
      const detail = document.createElement('div');
      detail.className = 'row-detail';
      element.append(detail);
      render(this.#options.detail(row, row.line), detail);
    }
    return element;
  }

  #forget(row: Row): void {
    const element = this.#drawn.get(row)?.element;
    const detail = element?.querySelector('.row-detail');
    if (detail) render(null, detail);
    // Else the keyboard would be nowhere.
    if (element?.contains(document.activeElement)) this.#root.focus({ preventScroll: true });
    element?.remove();
    this.#drawn.delete(row);
  }

  /** Whether anything is of another height than it was thought to be. */
  #measure(first: number, last: number): boolean {
    let isOff = false;
    const { rows } = this.#store;
    for (let at = first; at <= last; at++) {
      const height = this.#drawn.get(rows[at])?.element.getBoundingClientRect().height ?? 0;
      if (Math.abs(height - this.#tree.size(at)) < 0.01) continue;
      this.#tree.set(at, height);
      isOff = true;
    }
    return isOff;
  }

  /** After whatever changes the heights of all rows. */
  #measureAnew(): void {
    this.#metrics = measureRow(this.#block, this.#look, this.#wraps);
    for (const [at, row] of this.#store.rows.entries())
      this.#tree.set(at, estimateHeight(row, this.#metrics));
    this.#schedule();
  }

  /** The row that is at the top stays there. */
  #keepPlace(): void {
    if (!this.#isFollowing) this.#anchor = anchorAt(this.#tree, this.#store.rows, this.#top);
  }

  #tell(height: number): void {
    const { total } = this.#tree;
    if (this.#isFollowing) this.#seenNewer = this.#store.countNewer;
    this.#options.onChange({
      isFollowing: this.#isFollowing,
      behind: this.#store.countNewer - this.#seenNewer,
      isNearTop: this.#top < EDGE_PX,
      isNearBottom: this.#top + height > total - EDGE_PX,
    });
  }

  #onResize(): void {
    const width = this.#root.clientWidth;
    if (width === this.#width) {
      this.#schedule();
      return;
    }
    this.#width = width;
    this.#measureAnew();
  }

  readonly #onScroll = (): void => {
    const { scrollTop, clientHeight } = this.#root;
    if (Math.abs(scrollTop - this.#top) < 1) return;
    const isDown = scrollTop > this.#top;
    this.#top = scrollTop;
    const isAtNewest =
      this.#store.newestSide === 'top'
        ? scrollTop < 1 && !isDown
        : isDown && scrollTop + clientHeight >= this.#tree.total - 2;
    if (isAtNewest && this.#options.follows) {
      this.#isFollowing = true;
    } else if (this.#isFollowing) {
      this.#isFollowing = false;
      this.#seenNewer = this.#store.countNewer;
    }
    this.#anchor = anchorAt(this.#tree, this.#store.rows, scrollTop);
    this.#schedule();
  };

  /** Before the first pixel has moved: what comes meanwhile would move it back. */
  readonly #onWheel = (event: WheelEvent): void => {
    const isAway = this.#store.newestSide === 'top' ? event.deltaY > 0 : event.deltaY < 0;
    if (isAway && this.#tree.total > this.#root.clientHeight) this.follow(false);
  };
}
