import { href, navigate } from '../lib/router.js';
import { usePoll } from '../lib/use-poll.js';
import { Button } from '../parts/button.js';
import { Empty } from '../parts/empty.js';
import { health, reasonsOf } from '../shell/health.js';
import type { TailState } from './tail.js';

interface Captured {
  readonly containers: readonly { readonly transport: string }[];
}

/** Why there is no line yet, and what to do. */
export function EmptyLive({ query, state }: { readonly query: string; readonly state: TailState }) {
  if (state.is === 'connecting') return null;
  // The field above says what is wrong.
  if (state.is === 'refused')
    return <Empty icon="search" title="Nothing to show until the query is mended." />;
  if (state.is === 'lost')
    return (
      <Empty icon="alert" title={state.error?.message ?? 'The connection to the agent ended.'}>
        This page tries again by itself.
      </Empty>
    );
  if (query === '') return <EmptyAgent />;
  return (
    <Empty icon="live" title="No line matches yet.">
      <p>Lines appear here as they are written.</p>
      <div class="live-choices">
        <a class="button" href={href('search', { query })}>
          Search the history
        </a>
        <Button onClick={() => navigate('live')}>Show all lines</Button>
      </div>
    </Empty>
  );
}

function EmptyAgent() {
  const { state } = usePoll<Captured>('api/v1/containers', 5_000);
  const all = state.value.value?.containers;
  const captured = all?.filter(({ transport }) => transport !== 'none').length ?? 0;
  const reasons = health.value ? reasonsOf(health.value) : [];
  return (
    <Empty icon="live" title={captured > 0 ? 'Waiting for lines.' : 'No container is captured yet.'}>
      {all && captured > 0 && (
        <p>
          {captured} of {all.length} containers are captured, and silent so far.
        </p>
      )}
      {reasons.map(({ name, reason }) => (
        <p key={name}>{reason}</p>
      ))}
      {captured === 0 && <a href={href('containers')}>What is there, and why it is not captured</a>}
    </Empty>
  );
}
