/** Lines by time and level as stacked bars: hover tells the figures, a drag or a click makes the range, arrows and Enter do so too. */
import { useSignal } from '@preact/signals';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { count, duration, short } from '../../lib/format.js';
import { zone } from '../../lib/prefs.js';
import { describeRange, type TimeRange } from '../../time-range/range.js';
import { countsWords } from '../words.js';
import { roundTop, timeTicks } from './axis.js';
import { type Bar, barsOf, type Counts, totalsOf } from './counts.js';
import { barAt, barsBetween, placeOf, rangeOfBars, spanOfBars } from './selection.js';
import type { Counting } from './use-counts.js';
import './histogram.css';

interface HistogramProps {
  /** Null while nothing is known. */
  readonly counts: Counts | null;
  readonly onSelect: (range: TimeRange) => void;
}

/** Of the drawing, in pixels; the width is that of the page. */
const HEIGHT = 88;
/** Above the bars, for what the axis says. */
const HEAD = 14;
const TICK_WIDTH = 90;
const LABEL_WIDTH = 36;

export function Histogram({ counts, onSelect }: HistogramProps) {
  const bars = useMemo(() => (counts ? barsOf(counts) : []), [counts]);
  const top = roundTop(Math.max(0, ...bars.map(({ total }) => total)));
  const plot = useRef<HTMLDivElement>(null);
  const width = useWidth(plot);
  const hovered = useSignal(-1);
  const drag = useSignal<{ start: number; end: number } | null>(null);

  const placeAt = (event: PointerEvent): number => {
    const box = plot.current?.getBoundingClientRect();
    return box && box.width > 0 ? (event.clientX - box.left) / box.width : 0;
  };
  /** What is dragged over, or else what is pointed at. */
  const chosen = drag.value
    ? barsBetween(bars, drag.value.start, drag.value.end)
    : bars.slice(Math.max(0, hovered.value), hovered.value + 1);
  const select = (bars: readonly Bar[]): void => {
    const range = rangeOfBars(bars);
    drag.value = null;
    hovered.value = -1;
    if (range) onSelect(range);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (step !== 0 && bars.length > 0) {
      const before = hovered.value < 0 ? (step > 0 ? -1 : bars.length) : hovered.value;
      const bar = Math.min(Math.max(before + step, 0), bars.length - 1);
      const place = middle(bars, bar);
      drag.value = event.shiftKey
        ? { start: drag.value?.start ?? middle(bars, Math.max(before, 0)), end: place }
        : null;
      hovered.value = bar;
    } else if (event.key === 'Enter' && hovered.value >= 0) {
      select(chosen);
    } else if (event.key === 'Escape' && (drag.value || hovered.value >= 0)) {
      drag.value = null;
      hovered.value = -1;
    } else {
      return;
    }
    event.preventDefault();
  };

  const span = spanOfBars(bars);
  const ticks = span
    ? timeTicks(span.from, span.to, Math.max(1, Math.floor(width / TICK_WIDTH)), zone.value)
    : [];
  const words = counts ? countsWords(totalsOf(bars), counts.complete) : 'Counting…';
  return (
    <section class="histogram" aria-label="Lines by time and level">
      <div
        ref={plot}
        class="histogram-plot"
        data-part="histogram"
        data-complete={counts?.complete ? '' : undefined}
        role="group"
        tabIndex={0}
        aria-label={`${words}. Left and right choose a bar, with Shift several, Enter searches there.`}
        onPointerDown={(event) => {
          if (event.button !== 0 || bars.length === 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          const place = placeAt(event);
          drag.value = { start: place, end: place };
        }}
        onPointerMove={(event) => {
          const place = placeAt(event);
          hovered.value = barAt(bars, place);
          if (drag.value && event.currentTarget.hasPointerCapture(event.pointerId))
            drag.value = { ...drag.value, end: place };
        }}
        onPointerUp={(event) => {
          if (!drag.value || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
          select(barsBetween(bars, drag.value.start, placeAt(event)));
        }}
        onPointerCancel={() => (drag.value = null)}
        onPointerLeave={(event) => {
          if (!event.currentTarget.hasPointerCapture(event.pointerId)) hovered.value = -1;
        }}
        onKeyDown={onKeyDown}
      >
        <Bars bars={bars} top={top} width={width} />
        {bars.length > 0 && <span class="histogram-top">{short(top)}</span>}
        {chosen.length > 0 && <Chosen all={bars} chosen={chosen} isDragged={drag.value !== null} />}
      </div>
      <div class="histogram-ticks" aria-hidden="true">
        {span &&
          ticks
            .filter(({ at }) => (1 - placeOf(bars, at)) * width > LABEL_WIDTH)
            .map(({ at, label }) => (
              <span key={at} style={{ left: percent(placeOf(bars, at)) }}>
                {label}
              </span>
            ))}
      </div>
    </section>
  );
}

/** What the colours are, and how many lines of each. */
export function HistogramLegend({ counts, error }: Counting) {
  if (error) return <p class="histogram-legend bad">The bars are not whole: {error.message}</p>;
  if (!counts) return <p class="histogram-legend quiet">counting…</p>;
  return (
    <p class="histogram-legend">
      {totalsOf(barsOf(counts)).map(({ level, count: lines }) => (
        <span key={level} class={`histogram-total level-${level}`}>
          {level} <b>{count(lines)}</b>
        </span>
      ))}
      <span class="quiet">
        {counts.complete ? `a bar is ${duration(counts.stepMs / 1000)}` : 'still counting…'}
      </span>
    </p>
  );
}

function Bars({
  bars,
  top,
  width,
}: {
  readonly bars: readonly Bar[];
  readonly top: number;
  readonly width: number;
}) {
  return (
    <svg class="histogram-bars" width={width} height={HEIGHT} aria-hidden="true">
      {bars.map((bar) => {
        const left = placeOf(bars, bar.from) * width;
        const wide = Math.max(1, placeOf(bars, bar.to) * width - left - 1);
        return bar.segments.map(({ level, count: lines, below }) => {
          // What is there is seen, however little it is.
          const height = Math.max(1, (lines / top) * (HEIGHT - HEAD));
          return (
            <rect
              key={`${bar.from} ${level}`}
              class={`level-${level}`}
              x={left}
              y={HEIGHT - (below / top) * (HEIGHT - HEAD) - height}
              width={wide}
              height={height}
            />
          );
        });
      })}
    </svg>
  );
}

/** Marks bars, and tells their figures beside them. */
function Chosen({
  all,
  chosen,
  isDragged,
}: {
  readonly all: readonly Bar[];
  readonly chosen: readonly Bar[];
  readonly isDragged: boolean;
}) {
  const range = rangeOfBars(chosen);
  const totals = totalsOf(chosen);
  const left = placeOf(all, chosen[0].from);
  const right = placeOf(all, chosen[chosen.length - 1].to);
  const side =
    left > 1 - right
      ? { right: `calc(${percent(1 - left)} + 8px)` }
      : { left: `calc(${percent(right)} + 8px)` };
  return (
    <>
      <div
        class={isDragged ? 'histogram-selection' : 'histogram-cursor'}
        style={{ left: percent(left), width: percent(right - left) }}
      />
      <div class="histogram-figures" aria-live="polite" style={side}>
        <b>{range && describeRange(range, zone.value, Date.now())}</b>
        {totals.map(({ level, count: lines }) => (
          <span key={level} class={`histogram-total level-${level}`}>
            {level} <b>{count(lines)}</b>
          </span>
        ))}
        {totals.length === 0 && <span class="quiet">no lines</span>}
      </div>
    </>
  );
}

function middle(bars: readonly Bar[], index: number): number {
  const bar = bars[index];
  return bar ? placeOf(bars, (bar.from + bar.to) / 2) : 0;
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(3)}%`;
}

function useWidth(element: { readonly current: HTMLElement | null }): number {
  const width = useSignal(0);
  useLayoutEffect(() => {
    const { current } = element;
    if (!current) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      width.value = Math.floor(entry.contentRect.width);
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return width.value;
}
