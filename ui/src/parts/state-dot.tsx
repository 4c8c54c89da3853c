const TONES: Readonly<Record<string, string>> = {
  healthy: 'good',
  ok: 'good',
  running: 'good',
  live: 'good',
  degraded: 'warn',
  waiting: 'warn',
  cooling: 'warn',
  unhealthy: 'bad',
  lost: 'bad',
  failed: 'bad',
  firing: 'bad',
};

/** A dot in the colour of a state, with a shape of its own for each, and the word for readers of the screen. */
export function StateDot({ state }: { readonly state: string }) {
  return (
    <span class={`dot dot-${TONES[state] ?? 'none'}`} title={state}>
      <span class="unseen">{state}</span>
    </span>
  );
}
