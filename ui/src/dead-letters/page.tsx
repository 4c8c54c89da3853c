/** Lines that sinks refused for good: why, and what can be done with them. */
import { useSignal } from '@preact/signals';
import { type ApiError, send } from '../lib/api.js';
import { bytes, count, counted } from '../lib/format.js';
import { href, navigate, route } from '../lib/router.js';
import { usePoll } from '../lib/use-poll.js';
import { Button } from '../parts/button.js';
import { Select } from '../parts/choice.js';
import { Empty } from '../parts/empty.js';
import { NotYet } from '../parts/not-yet.js';
import { ErrorNotice, Notice } from '../parts/notice.js';
import { Skeleton } from '../parts/skeleton.js';
import { type Deed, DeedDialog } from './deed-dialog.js';
import {
  DEAD_LETTERS,
  filterOf,
  type LetterFilter,
  type LetterPage,
  linesOf,
  outcome,
  queryOf,
  type Redriven,
  type Refusal,
  refusals,
  together,
} from './letters.js';
import { RefusalItem } from './refusal-item.js';
import { type LetterList, useLetters } from './use-letters.js';
import './page.css';

const EVERY_MS = 10_000;

export default function Page() {
  const { params } = route.value;
  const filter: LetterFilter = { sink: params.get('sink') ?? '', reason: params.get('reason') ?? '' };
  // How many there are of each sort, whatever is shown.
  const tally = usePoll<LetterPage>(DEAD_LETTERS, EVERY_MS, { n: 1 });
  const list = useLetters(filter);
  const selected = useSignal<ReadonlySet<string>>(new Set());
  const deed = useSignal<Deed | undefined>(undefined);
  const told = useSignal<{ readonly words: string; readonly isGood: boolean } | undefined>(undefined);
  const failed = useSignal<ApiError | undefined>(undefined);
  const isBusy = useSignal(false);

  const { value, error } = tally.state.value;
  if (!value) return <NotYet error={error} onRetry={tally.again} />;

  const { counts } = value;
  const groups = refusals(list.letters.value ?? []);
  const isPartial = (refusal: Refusal): boolean => list.next.value !== undefined && refusal === groups.at(-1);
  const chosen = groups.filter(({ key }) => selected.value.has(key));
  const go = (change: LetterFilter): void => {
    selected.value = new Set();
    navigate('dead-letters', { ...filter, ...change }, { replace: true });
  };
  const meant = chosen.length > 0 ? chosen.map(filterOf) : [filter];
  const meantLines =
    chosen.length > 0
      ? chosen.reduce((sum, { letters }) => sum + letters.length, 0)
      : linesOf(counts, filter);
  const isAll = chosen.length === 0 && !filter.sink && !filter.reason;

  const perform = async ({ kind, filters }: Deed): Promise<void> => {
    deed.value = undefined;
    told.value = undefined;
    failed.value = undefined;
    isBusy.value = true;
    try {
      told.value = kind === 'redrive' ? await redrive(filters) : await remove(filters);
    } catch (thrown) {
      failed.value = thrown as ApiError;
    }
    isBusy.value = false;
    selected.value = new Set();
    tally.again();
    list.reload();
  };
  const ask = (kind: Deed['kind']): void => {
    // To delete, the server wants to be told which: all of them are those of every sink.
    const sinks = [...new Set(counts.map(({ sink }) => sink))];
    const filters = kind === 'delete' && isAll ? sinks.map((sink) => ({ sink })) : meant;
    deed.value = {
      kind,
      filters,
      lines: meantLines,
      isAtLeast: chosen.some(isPartial),
      isSelection: chosen.length > 0,
      filter,
    };
  };

  const total = linesOf(counts, {});
  if (total === 0)
    return (
      <>
        {told.value && (
          <div class="page">
            <Notice tone={told.value.isGood ? 'good' : 'warn'}>{told.value.words}</Notice>
          </div>
        )}
        <Empty icon="letters" title="No dead letters: no sink has refused a line.">
          What a sink will never take is kept here, with its reason and the server's words, until it is given
          again or deleted. How sinks are doing shows in <a href={href('flow')}>Flow</a>.
        </Empty>
      </>
    );
  return (
    <div class="page letters">
      {error && <ErrorNotice error={error} onRetry={tally.again} />}
      <p class="quiet">
        {counted(total, 'line')} that sinks refused for good, {bytes(value.bytes)} on the disk. Once the cause
        is gone, redrive gives them to their sink once more, with the same time and labels.
      </p>
      <Kinds counts={counts} filter={filter} onChoose={go} />
      <div class="letters-bar">
        <Select
          label="Sink"
          value={filter.sink ?? ''}
          options={optionsOf(
            'All sinks',
            counts.map(({ sink }) => sink),
          )}
          onChange={(sink) => go({ sink })}
        />
        <Select
          label="Reason"
          value={filter.reason ?? ''}
          options={optionsOf(
            'All reasons',
            counts.map(({ reason }) => reason),
          )}
          onChange={(reason) => go({ reason })}
        />
        <span class="letters-deeds">
          <Button
            icon="again"
            kind="primary"
            disabled={isBusy.value || meantLines === 0}
            onClick={() => ask('redrive')}
          >
            {`Redrive ${scope(chosen.length, isAll, meantLines)}`}
          </Button>
          <Button
            icon="trash"
            kind="danger"
            disabled={isBusy.value || meantLines === 0}
            onClick={() => ask('delete')}
          >
            {`Delete ${scope(chosen.length, isAll, meantLines)}`}
          </Button>
        </span>
      </div>
      <div aria-live="polite" class="letters-told">
        {isBusy.value && <Notice tone="info">Under way…</Notice>}
        {told.value && <Notice tone={told.value.isGood ? 'good' : 'warn'}>{told.value.words}</Notice>}
        {failed.value && <ErrorNotice error={failed.value} />}
      </div>
      <Letters
        groups={groups}
        isPartial={isPartial}
        list={list}
        selected={selected.value}
        onSelect={(next) => (selected.value = next)}
      />
      {deed.value && (
        <DeedDialog
          deed={deed.value}
          onConfirm={(given) => void perform(given)}
          onClose={() => (deed.value = undefined)}
        />
      )}
    </div>
  );
}

function scope(chosen: number, isAll: boolean, lines: number): string {
  if (chosen > 0) return `selected (${count(lines)})`;
  return isAll ? `all (${count(lines)})` : `these (${count(lines)})`;
}

function optionsOf(all: string, values: readonly string[]): (readonly [string, string])[] {
  return [['', all], ...[...new Set(values)].sort().map((value) => [value, value] as const)];
}

interface LettersProps {
  readonly groups: readonly Refusal[];
  readonly isPartial: (refusal: Refusal) => boolean;
  readonly list: LetterList;
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (selected: ReadonlySet<string>) => void;
}

function Letters({ groups, isPartial, list, selected, onSelect }: LettersProps) {
  if (list.error.value) return <ErrorNotice error={list.error.value} onRetry={list.reload} />;
  if (!list.letters.value) return <Skeleton />;
  if (groups.length === 0) return <Empty title="No dead letter is like that." />;
  const toggle = (key: string): void => {
    const next = new Set(selected);
    if (!next.delete(key)) next.add(key);
    onSelect(next);
  };
  return (
    <>
      <ul class="letters-list" aria-label="Dead letters">
        {groups.map((refusal) => (
          <RefusalItem
            key={refusal.key}
            refusal={refusal}
            isPartial={isPartial(refusal)}
            isSelected={selected.has(refusal.key)}
            onToggle={() => toggle(refusal.key)}
          />
        ))}
      </ul>
      {list.next.value !== undefined && (
        <p>
          <Button onClick={list.more}>Show more</Button>
        </p>
      )}
    </>
  );
}

/** What there is, by sink and reason; each can be chosen. */
function Kinds({
  counts,
  filter,
  onChoose,
}: {
  readonly counts: LetterPage['counts'];
  readonly filter: LetterFilter;
  readonly onChoose: (filter: LetterFilter) => void;
}) {
  const most = Math.max(...counts.map(({ lines }) => lines));
  return (
    <ul class="letters-kinds" aria-label="By sink and reason">
      {counts
        .toSorted((a, b) => b.lines - a.lines)
        .map(({ sink, reason, lines }) => {
          const isChosen = filter.sink === sink && filter.reason === reason;
          return (
            <li key={`${sink} ${reason}`}>
              <button
                type="button"
                aria-pressed={isChosen}
                onClick={() => onChoose(isChosen ? { sink: '', reason: '' } : { sink, reason })}
              >
                <span class="letters-bar-fill" style={{ width: `${(100 * lines) / most}%` }} />
                <span>
                  {sink}, <strong>{reason}</strong>
                </span>
                <span class="number">{count(lines)}</span>
              </button>
            </li>
          );
        })}
    </ul>
  );
}

/** One after the other: the agent does one at a time. */
async function redrive(filters: readonly LetterFilter[]): Promise<{ words: string; isGood: boolean }> {
  const results: Redriven[] = [];
  for (const filter of filters)
    results.push(await send<Redriven>('POST', `${DEAD_LETTERS}/redrive${queryOf(filter)}`));
  const all = together(results);
  return { words: outcome(all), isGood: all.left === 0 && Object.keys(all.refused).length === 0 };
}

async function remove(filters: readonly LetterFilter[]): Promise<{ words: string; isGood: boolean }> {
  let deleted = 0;
  for (const filter of filters)
    deleted += (await send<{ readonly deleted: number }>('POST', `${DEAD_LETTERS}/delete${queryOf(filter)}`))
      .deleted;
  return { words: `${counted(deleted, 'line')} deleted.`, isGood: true };
}
