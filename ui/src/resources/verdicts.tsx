/** The two questions of the page, answered big: is there anything that nobody owns, and does anything grow? */
import { count } from '../lib/format.js';
import { Icon } from '../parts/icon.js';
import { extent, type History, overall, unownedNow } from './history.js';
import { nameOf } from './names.js';

export function Verdicts({ history }: { readonly history: History }) {
  const { samples, verdicts } = history;
  const unowned = unownedNow(samples);
  const kinds = Object.entries(samples.unowned).filter(([, series]) => (series.at(-1) ?? 0) !== 0);
  const { state, growing } = overall(verdicts);
  return (
    <div class="verdicts">
      <section class={unowned === 0 ? 'verdict-good' : 'verdict-bad'} aria-label="Unowned">
        <p class="verdict-figure">
          <Icon name={unowned === 0 ? 'check' : 'alert'} />
          {count(unowned)}
        </p>
        <div>
          <h2>{unowned === 1 ? 'thing' : 'things'} that nobody owns</h2>
          <p class="quiet">
            {unowned === 0
              ? 'All descriptors, timers, watches and workers of the process are on the books.'
              : kinds.map(([kind, series]) => `${kind} ${series.at(-1)}`).join(', ')}
          </p>
        </div>
      </section>
      <section
        class={`verdict-${state === 'growing' ? 'bad' : state === 'steady' ? 'good' : 'none'}`}
        aria-label="Growth"
      >
        <p class="verdict-figure">
          <Icon name={state === 'growing' ? 'alert' : state === 'steady' ? 'check' : 'clock'} />
        </p>
        <div>
          <h2>{words(state, growing)}</h2>
          <p class="quiet">By the slope of each series with its 95 % interval: {extent(history)}.</p>
        </div>
      </section>
    </div>
  );
}

function words(state: string, growing: readonly string[]): string {
  if (state === 'growing') return `Growing: ${growing.map(nameOf).join(', ')}`;
  return state === 'steady' ? 'Nothing grows' : 'Too short a time to say whether anything grows';
}
