import '../styles/ansi.css';
import './lines.css';
import { useSignal } from '@preact/signals';
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { copyText } from '../lib/clipboard.js';
import { type Shortcut, useShortcuts } from '../lib/keyboard.js';
import { density, wrap, zone } from '../lib/prefs.js';
import { dayText, type Zone } from '../lib/time.js';
import { termsOf } from '../query/terms.js';
import { Detail, type LineActions } from './detail.js';
import type { LineStore, Row } from './line-store.js';
import { LinesView, type ViewState } from './lines-view.js';

interface LinesListProps {
  readonly store: LineStore;
  /** What is looked for; found again in the lines, it is marked. */
  readonly query: string;
  /** Whether it begins at the newest line and goes with it. */
  readonly follows?: boolean;
  /** The line that the page is about: marked, and in the middle when it comes. */
  readonly marked?: string;
  readonly actions?: LineActions;
  /** Told once each time that the reader comes near an end. */
  readonly onNearTop?: () => void;
  readonly onNearBottom?: () => void;
  readonly onState?: (state: ViewState) => void;
  /** For what steers it from outside. */
  readonly view?: RefObject<LinesView | null>;
  /** Stands in front of the lines where there are none. */
  readonly children?: ComponentChildren;
}

const NO_ACTIONS: LineActions = {};

export function LinesList(props: LinesListProps) {
  const { store, query, follows = false, marked } = props;
  const root = useRef<HTMLDivElement>(null);
  const own = useRef<LinesView | null>(null);
  const view = props.view ?? own;
  // The view lives longer than one rendering, and calls what is given in the last one.
  const given = useRef(props);
  given.current = props;
  const isEmpty = useSignal(store.rows.length === 0);
  const terms = useMemo(() => termsOf(query), [query]);
  const hasDays = useSignal(false);
  const centered = useRef<string | undefined>(undefined);
  const look = { terms, zone: zone.value, showsDay: hasDays.value, marked };

  useLayoutEffect(() => {
    if (!root.current) return undefined;
    const near = { top: true, bottom: true };
    const made = new LinesView(root.current, store, look, {
      follows,
      wraps: wrap.value === 'on',
      detail: (row, line) => <Detail row={row} line={line} actions={given.current.actions ?? NO_ACTIONS} />,
      onChange: (state) => {
        isEmpty.value = store.rows.length === 0;
        hasDays.value = hasOtherDays(store, zone.peek());
        if (centered.current !== given.current.marked)
          centered.current = center(store, made, given.current.marked);
        if (state.isNearTop && !near.top) given.current.onNearTop?.();
        if (state.isNearBottom && !near.bottom) given.current.onNearBottom?.();
        near.top = state.isNearTop;
        near.bottom = state.isNearBottom;
        given.current.onState?.(state);
      },
    });
    view.current = made;
    return () => {
      view.current = null;
      made.close();
    };
  }, [store]);

  const isFirst = useRef(true);
  useLayoutEffect(() => {
    if (!isFirst.current) view.current?.setLook(look, wrap.value === 'on');
    isFirst.current = false;
  }, [terms, zone.value, hasDays.value, marked, wrap.value, density.value]);

  useShortcuts(shortcutsOf(store, view), [store]);
  useUnfollowOnSelection(root, view);

  return (
    <div class="lines" data-wrap={wrap.value} data-density={density.value}>
      <div
        class="lines-scroll"
        ref={root}
        role="log"
        aria-live="off"
        aria-label="Lines"
        tabIndex={0}
        onClick={(event) => onPress(event, store, view.current)}
      />
      {isEmpty.value && <div class="lines-empty">{props.children}</div>}
    </div>
  );
}

function hasOtherDays({ newestLine, oldestLine }: LineStore, inZone: Zone): boolean {
  if (!newestLine || !oldestLine) return false;
  const today = dayText(new Date().toISOString(), inZone);
  return [newestLine, oldestLine].some(({ time }) => dayText(time, inZone) !== today);
}

/** Brings the line of this time into the middle, and answers the time once it is there. */
function center(store: LineStore, view: LinesView, marked: string | undefined): string | undefined {
  const row = store.rows.find(
    ({ line, rest }) => line?.time === marked || rest.some(({ time }) => time === marked),
  );
  if (!row) return undefined;
  if (row.line?.time !== marked) store.update(row, { isUnfolded: true });
  view.center(row);
  return marked;
}

function onPress(event: MouseEvent, store: LineStore, view: LinesView | null): void {
  const target = event.target as Element;
  const row = view?.rowOf(target);
  if (!view || !row?.line) return;
  if (target.closest('[data-action=fold]')) {
    view.follow(false);
    store.update(row, { isUnfolded: !row.isUnfolded });
  } else if (!target.closest('a, button, .row-detail') && getSelection()?.isCollapsed !== false) {
    view.show(row);
    store.update(row, { isExpanded: !row.isExpanded });
  }
}

function shortcutsOf(store: LineStore, view: RefObject<LinesView | null>): Shortcut[] {
  const onSelected = (change: (row: Row) => void) => (): void => {
    const row = view.current?.selected;
    if (row?.line) change(row);
  };
  return [
    { keys: ['j', 'ArrowDown'], what: 'Next line', run: () => view.current?.select(1) },
    { keys: ['k', 'ArrowUp'], what: 'Previous line', run: () => view.current?.select(-1) },
    {
      keys: ['Enter', 'o'],
      what: 'Open or close the line',
      run: onSelected((row) => {
        store.update(row, { isExpanded: !row.isExpanded });
        view.current?.reveal(row);
      }),
    },
    {
      keys: ['x'],
      what: 'Unfold or fold what goes on it',
      run: onSelected((row) => store.update(row, { isUnfolded: !row.isUnfolded })),
    },
    {
      keys: ['c'],
      what: 'Copy the line',
      run: onSelected(({ line, rest }) => void copyText([line, ...rest].map((one) => one?.line).join('\n'))),
    },
    { keys: ['g', 'Home'], what: 'To the top', run: () => view.current?.scrollTo('top') },
    { keys: ['G', 'End'], what: 'To the bottom', run: () => view.current?.scrollTo('bottom') },
    { keys: ['Escape'], what: 'Select nothing', run: () => view.current?.show(undefined) },
  ];
}

/** Who selects text wants it to stay. */
function useUnfollowOnSelection(
  root: RefObject<HTMLDivElement | null>,
  view: RefObject<LinesView | null>,
): void {
  useEffect(() => {
    const onSelection = (): void => {
      const selection = getSelection();
      if (selection?.isCollapsed === false && root.current?.contains(selection.anchorNode))
        view.current?.follow(false);
    };
    document.addEventListener('selectionchange', onSelection);
    return () => document.removeEventListener('selectionchange', onSelection);
  }, []);
}
