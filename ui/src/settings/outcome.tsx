/** What is said of a configuration that was checked. */
import type { ConfigCheck, ConfigProblem } from '../../../src/config/shape.js';
import { Icon } from '../parts/icon.js';
import { Notice } from '../parts/notice.js';
import { inOrder, summary, wordsOf } from './problems.js';

/** The verdict in one line. */
export function Outcome({ checked: { ok, problems, differs, changes } }: { readonly checked: ConfigCheck }) {
  if (!ok)
    return (
      <p class="settings-verdict bad">
        <Icon name="alert" /> {summary(problems)}
      </p>
    );
  if (changes.some(({ change }) => change === 'restart'))
    return (
      <p class="settings-verdict bad">
        <Icon name="alert" /> Needs a restart of the agent: a running one refuses all of it
      </p>
    );
  return (
    <p class="settings-verdict good">
      <Icon name="check" /> {problems.length > 0 ? `Good, with ${summary(problems)}` : 'Good'}
      {differs.length === 0 && ', and nothing would be different'}
    </p>
  );
}

export function ProblemList({
  problems,
  onJump,
}: {
  readonly problems: readonly ConfigProblem[];
  /** Undefined where there is no text to jump to. */
  readonly onJump?: (problem: ConfigProblem) => void;
}) {
  return (
    <ul class="settings-problems" aria-label="Problems">
      {inOrder(problems).map((problem, at) => (
        <li key={String(at)}>
          <Notice tone={problem.severity === 'error' ? 'bad' : 'warn'}>
            {problem.line !== null &&
              (onJump ? (
                <button type="button" class="text-button" onClick={() => onJump(problem)}>
                  {placeOf(problem)}
                </button>
              ) : (
                placeOf(problem)
              ))}{' '}
            {problem.key !== '' && <code>{problem.key}</code>} <strong>{wordsOf(problem)}</strong>{' '}
            {problem.remedy}
          </Notice>
        </li>
      ))}
    </ul>
  );
}

function placeOf({ line, column }: ConfigProblem): string {
  return `line ${line}${column === null ? '' : `, column ${column}`}`;
}
