/** The labels of the history, for completion and filters: asked for once, and again when they may be old. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { getJson } from '../lib/api.js';
import type { KnownLabels } from './completion.js';

export interface HistoryLabels {
  readonly labels: KnownLabels;
  /** Times of the oldest and the newest line; null where there is none. */
  readonly oldest: string | null;
  readonly newest: string | null;
}

/** Undefined until the first answer. */
export const historyLabels = signal<HistoryLabels | undefined>(undefined);

const FRESH_MS = 30_000;
let asked = Number.NEGATIVE_INFINITY;

/** Sees to it that `historyLabels` is there, and not much older than half a minute when the page is opened. */
export function useHistoryLabels(): void {
  useEffect(() => void refreshLabels(), []);
}

/** Never fails: without an answer there is nothing to suggest. */
export async function refreshLabels(): Promise<void> {
  if (performance.now() - asked < FRESH_MS) return;
  asked = performance.now();
  try {
    historyLabels.value = await getJson<HistoryLabels>('api/v1/labels');
  } catch {
    asked = Number.NEGATIVE_INFINITY;
  }
}
