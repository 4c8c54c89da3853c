/** The pipeline with what flows through it now, and the ledger that proves that nothing is missing. */
import type { FlowView } from '../../../src/server/shapes/flow.js';
import { href, navigate, route } from '../lib/router.js';
import { usePoll } from '../lib/use-poll.js';
import { NotYet } from '../parts/not-yet.js';
import { ErrorNotice } from '../parts/notice.js';
import { Details } from './details.js';
import { LedgerView } from './ledger-view.js';
import { partsOf } from './parts.js';
import { Picture } from './picture.js';
import './page.css';

const EVERY_MS = 2_000;

export default function Page() {
  const { state, again } = usePoll<FlowView>('api/v1/flow', EVERY_MS);
  const { value, error } = state.value;
  if (!value) return <NotYet error={error} onRetry={again} />;
  const parts = partsOf(value);
  const chosen = parts.flat().find(({ id }) => id === route.value.params.get('part'));
  const choose = (id: string): void =>
    navigate('flow', { part: id === chosen?.id ? '' : id }, { replace: true });
  return (
    <div class="page flow">
      {error && <ErrorNotice error={error} onRetry={again} />}
      <Picture parts={parts} chosen={chosen?.id} onChoose={choose} />
      {chosen ? (
        <Details part={chosen} onClose={() => choose(chosen.id)} />
      ) : (
        <p class="quiet">
          {value.sinks.length === 0
            ? 'No sink is configured: the journal is the history that the live view and the search read. '
            : 'Press a part for its details. '}
          <a href={href('containers', { gaps: '' })}>Gaps</a> are listed with the containers,{' '}
          <a href={href('dead-letters')}>what sinks refused</a> with the dead letters.
        </p>
      )}
      <LedgerView ledger={value.ledger} />
    </div>
  );
}
