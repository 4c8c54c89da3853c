/** Series over time, with axes, and the values under the pointer in words. */
import { useEffect, useRef, useState } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { tokenColor } from '../lib/color.js';
import { theme, zone } from '../lib/prefs.js';
import { momentText } from '../lib/time.js';
import { amount, type Series, type Unit, withBreaks } from './history.js';

export interface ChartLine {
  readonly label: string;
  readonly values: Series;
  /** The second of two lines is dashed as well. */
  readonly color: `--${string}`;
}

interface ChartProps {
  /** For readers of the screen: what it shows, and what to see in it. */
  readonly label: string;
  /** Milliseconds since 1970. */
  readonly time: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly unit: Unit;
  readonly everyMs: number;
  readonly height: number;
  /** Said below while nothing is pointed at. */
  readonly note: string;
}

const AXIS_FONT = '11px ui-sans-serif, system-ui, sans-serif';
/** The pointer is shown in all charts at the same time. */
const SYNC = 'resources';

export function Chart({ label, time, lines, unit, everyMs, height, note }: ChartProps) {
  const root = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | undefined>(undefined);
  const [at, setAt] = useState<number | null>(null);
  const ground = useGround();
  const data = dataOf(time, lines, everyMs);
  const names = lines.map(({ label }) => label).join();

  useEffect(() => {
    const { current } = root;
    if (!current) return undefined;
    const made = new UPlot(optionsOf(current.clientWidth, height, lines, unit, setAt), data, current);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: current.clientWidth, height }));
    observer.observe(current);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [names, unit, height, ground, zone.value]);
  useEffect(() => plot.current?.setData(data), [time, lines]);

  return (
    <figure class="chart" aria-label={label}>
      <div ref={root} style={{ height: `${height}px` }} />
      <figcaption class="quiet">
        {at !== null && data[0][at] !== undefined ? (
          valuesAt(data, at, lines, unit)
        ) : (
          <>
            {lines.length > 1 && <Keys lines={lines} />}
            <span>{note}</span>
          </>
        )}
      </figcaption>
    </figure>
  );
}

function Keys({ lines }: { readonly lines: readonly ChartLine[] }) {
  return (
    <>
      {lines.map(({ label }, at) => (
        <span key={label} class="chart-key">
          <svg width="18" height="4" aria-hidden="true" class={at === 0 ? 'chart-first' : 'chart-second'}>
            <path d="M0 2h18" />
          </svg>
          {label}
        </span>
      ))}
    </>
  );
}

function valuesAt(data: UPlot.AlignedData, at: number, lines: readonly ChartLine[], unit: Unit): string {
  const values = lines.map(({ label }, line) => {
    const value = data[line + 1]?.[at];
    const shown = value === null || value === undefined ? 'no sample' : amount(value, unit);
    return lines.length > 1 ? `${label} ${shown}` : shown;
  });
  return `${momentText(data[0][at] * 1000, zone.value).slice(11)}: ${values.join(', ')}`;
}

function dataOf(time: readonly number[], lines: readonly ChartLine[], everyMs: number): UPlot.AlignedData {
  const columns = lines.map(({ values }) => withBreaks(time, values, everyMs));
  return [columns[0]?.[0] ?? [], ...columns.map(([, y]) => y)];
}

function optionsOf(
  width: number,
  height: number,
  lines: readonly ChartLine[],
  unit: Unit,
  onPointer: (at: number | null) => void,
): UPlot.Options {
  const text = tokenColor('--quiet');
  const grid = { stroke: tokenColor('--edge'), width: 1 };
  const axis = { stroke: text, font: AXIS_FONT, grid, ticks: { show: false } };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false }, sync: { key: SYNC } },
    hooks: { setCursor: [(chart) => onPointer(chart.cursor.idx ?? null)] },
    tzDate: (seconds) =>
      zone.value === 'utc' ? UPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') : new Date(seconds * 1000),
    scales: { y: { range: (_chart, least, most) => rangeOf(least, most) } },
    series: [
      {},
      ...lines.map(
        ({ label, color }, at): UPlot.Series => ({
          label,
          stroke: tokenColor(color),
          width: 1.4,
          points: { show: false },
          ...(at > 0 && { dash: [5, 3] }),
        }),
      ),
    ],
    axes: [
      {
        ...axis,
        space: 56,
        size: 24,
        incrs: SECONDS,
        values: (_chart, ticks) => ticks.map((tick) => clock(tick, ticks)),
      },
      {
        ...axis,
        space: 24,
        size: unit === 'bytes' ? 60 : 44,
        values: (_chart, ticks) => ticks.map((tick) => amount(tick, unit)),
        ...(unit === 'bytes' && { incrs: BINARY }),
        ...(unit === 'count' && { incrs: WHOLE }),
      },
    ],
  };
}

/** `13:05`, or the day where ticks are days apart, or with seconds where they are closer than a minute. */
function clock(tick: number, ticks: readonly number[]): string {
  const text = momentText(tick * 1000, zone.value);
  const step = (ticks[1] ?? tick + 60) - ticks[0];
  if (step >= 86_400) return text.slice(5, 10);
  return step < 60 ? text.slice(11) : text.slice(11, 16);
}

/** Between two ticks of time. */
const SECONDS = [10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

const WHOLE = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

const BINARY = Array.from({ length: 40 }, (_, power) => 2 ** power);

/** From zero, so that what is steady looks steady; a little room above. */
function rangeOf(least: number | null, most: number | null): [number, number] {
  const top = Math.max(most ?? 0, 0);
  return [Math.min(0, least ?? 0), top === 0 ? 1 : top * 1.1];
}

/** `light` or `dark`, as it is seen now: a canvas is drawn anew when it changes. */
function useGround(): string {
  const [isDark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const follow = (): void => setDark(query.matches);
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, []);
  return theme.value === 'system' ? (isDark ? 'dark' : 'light') : theme.value;
}
