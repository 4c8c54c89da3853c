/** What an alert would have counted lately, asked of the history as it is typed. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiError } from '../lib/api.js';
import { openStream } from '../lib/sse.js';
import { type Draft, totals, trialSentence, windowsOf } from './alert.js';

/** Typing is not interrupted. */
const PAUSE_MS = 500;
const HEIGHT = 48;

interface Found {
  readonly counts: readonly number[];
  readonly isComplete: boolean;
}

interface TrialViewProps {
  readonly draft: Pick<Draft, 'query' | 'threshold' | 'window'>;
  /** Takes what the agent says of it. */
  readonly refused: Signal<ApiError | undefined>;
}

export function TrialView({ draft, refused }: TrialViewProps) {
  const found = useSignal<Found | undefined>(undefined);
  const windows = windowsOf(draft);
  const query = draft.query.trim();
  useEffect(() => {
    if (windows === undefined) return undefined;
    let close = (): void => {};
    const timer = setTimeout(() => {
      close = openStream('api/v1/histogram', {
        params: { query, from: '1h', to: 'now', buckets: windows },
        events: (events) => {
          for (const { name, data } of events) {
            if (name === 'failed') refused.value = (JSON.parse(data) as { error: ApiError }).error;
            if (name !== 'counts') continue;
            const { levels, complete } = JSON.parse(data) as {
              levels: Record<string, number[]>;
              complete: boolean;
            };
            found.value = { counts: filled(totals(levels), windows), isComplete: complete };
            refused.value = undefined;
          }
        },
        ended: (error) => {
          if (error) refused.value = error;
        },
      });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      close();
    };
  }, [query, windows]);

  const threshold = Number(draft.threshold);
  const { value } = found;
  const { value: error } = refused;
  if (error)
    return (
      <p class="alert-trial quiet">
        {error.at === undefined
          ? `It cannot be tried on the history: ${error.message}`
          : 'The query has a mistake.'}
      </p>
    );
  if (!value || !(threshold >= 1)) return <p class="alert-trial quiet">Counting what it would have found…</p>;
  return (
    <div class="alert-trial">
      <Bars counts={value.counts} threshold={threshold} />
      <p aria-live="polite" aria-busy={!value.isComplete}>
        {trialSentence(value.counts, threshold)}
        {!value.isComplete && <span class="quiet"> Still counting…</span>}
      </p>
    </div>
  );
}

/** Where nothing was found there are no figures. */
function filled(counts: readonly number[], length: number): number[] {
  return Array.from({ length: Math.max(length, counts.length) }, (_, at) => counts[at] ?? 0);
}

/** A bar for each window, and the threshold as a line. */
function Bars({ counts, threshold }: { readonly counts: readonly number[]; readonly threshold: number }) {
  const top = Math.max(threshold * 1.25, ...counts);
  const step = 100 / counts.length;
  const height = (count: number): number => (HEIGHT * count) / top;
  return (
    <svg class="alert-bars" viewBox={`0 0 100 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {counts.map((count, at) => (
        <rect
          key={String(at)}
          class={count >= threshold ? 'alert-over' : ''}
          x={at * step + step * 0.1}
          y={HEIGHT - height(count)}
          width={step * 0.8}
          height={height(count)}
        />
      ))}
      <path d={`M0 ${HEIGHT - height(threshold)}H100`} />
    </svg>
  );
}
