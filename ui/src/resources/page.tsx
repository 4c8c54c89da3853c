/** What the process holds, whether any of it grows, and who owns it. */
import { usePoll } from '../lib/use-poll.js';
import { NotYet } from '../parts/not-yet.js';
import { ErrorNotice, Notice } from '../parts/notice.js';
import { BuildFacts } from './build-facts.js';
import { Charts } from './charts.js';
import type { History } from './history.js';
import { Profile } from './profile.js';
import { type ScopeTree, ScopeTreeView } from './scope-tree.js';
import { Verdicts } from './verdicts.js';
import './page.css';

const EVERY_MS = 10_000;

interface Report {
  readonly tree: ScopeTree;
  /** Why the census does not tell all. */
  readonly note?: string;
}

export default function Page() {
  const history = usePoll<History>('api/v1/resources/history', EVERY_MS);
  const report = usePoll<Report>('api/v1/resources', EVERY_MS);
  const { value, error } = history.state.value;
  const { value: now, error: reportError } = report.state.value;
  if (!value && !now) return <NotYet error={error} onRetry={history.again} />;
  return (
    <div class="page resources">
      {error && <ErrorNotice error={error} onRetry={history.again} />}
      {value && <Verdicts history={value} />}
      {value && <Charts history={value} />}
      {reportError && <ErrorNotice error={reportError} onRetry={report.again} />}
      <div class="resources-foot">
        {now && (
          <section aria-label="Scopes">
            <h2>Who owns what</h2>
            <p class="quiet">Everything that is open belongs to a scope, and ends with it.</p>
            {now.note !== undefined && <Notice tone="info">{now.note}</Notice>}
            <ScopeTreeView tree={now.tree} />
          </section>
        )}
        <div class="resources-side">
          <Profile />
          <BuildFacts />
        </div>
      </div>
    </div>
  );
}
