/** The filters that people use most, as buttons that edit the query: containers, compose projects, levels. */
import { useSignal } from '@preact/signals';
import { Button } from '../parts/button.js';
import { Chip } from '../parts/chip.js';
import { Popover } from '../parts/popover.js';
import { excluded, labelsOf, levelsOf, withLabels, withLevels, withoutExclusion } from './edit.js';
import { historyLabels } from './labels.js';
import { LEVELS } from './levels.js';
import './query.css';

interface FiltersProps {
  readonly query: string;
  readonly onChange: (query: string) => void;
}

export function QueryFilters({ query, onChange }: FiltersProps) {
  return (
    <div class="query-filters">
      <LabelFilter name="container" title="Containers" one="container" query={query} onChange={onChange} />
      <LabelFilter name="compose_project" title="Projects" one="project" query={query} onChange={onChange} />
      <LevelFilter query={query} onChange={onChange} />
      {['container', 'compose_project'].flatMap((name) =>
        excluded(query, name).map((value) => (
          <Chip
            key={`${name} ${value}`}
            name={`not ${value}`}
            onRemove={() => onChange(withoutExclusion(query, name, value))}
          >
            not {value}
          </Chip>
        )),
      )}
    </div>
  );
}

interface LabelFilterProps extends FiltersProps {
  readonly name: string;
  readonly title: string;
  readonly one: string;
}

/** Nothing where the history has no such label. */
function LabelFilter({ name, title, one, query, onChange }: LabelFilterProps) {
  const chosen = labelsOf(query, name);
  const known = historyLabels.value?.labels[name] ?? [];
  if (known.length === 0 && chosen.length === 0) return null;
  const label =
    chosen.length === 0
      ? `All ${title.toLowerCase()}`
      : chosen.length === 1
        ? chosen[0]
        : `${chosen.length} ${one}s`;
  return (
    <Popover
      name={`${title}: ${label}`}
      class={chosen.length > 0 ? 'query-filter query-filter-on' : 'query-filter'}
      label={<span class="query-chosen">{label}</span>}
    >
      <ValueList
        title={title}
        values={[...known, ...chosen.filter((value) => !known.includes(value))]}
        chosen={chosen}
        onChange={(values) => onChange(withLabels(query, name, values))}
      />
    </Popover>
  );
}

interface ValueListProps {
  readonly title: string;
  readonly values: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (values: string[]) => void;
}

/** More than fit are found by typing. */
const MOST = 200;
const FIND_FROM = 8;

function ValueList({ title, values, chosen, onChange }: ValueListProps) {
  const wanted = useSignal('');
  const found = values.filter((value) => value.toLowerCase().includes(wanted.value.toLowerCase()));
  return (
    <div class="query-values">
      {values.length > FIND_FROM && (
        <input
          class="input"
          type="text"
          aria-label={`Find ${title.toLowerCase()}`}
          placeholder="Find…"
          value={wanted.value}
          onInput={(event) => (wanted.value = event.currentTarget.value)}
        />
      )}
      <div class="query-values-list">
        {found.slice(0, MOST).map((value) => (
          <label key={value}>
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={(event) =>
                onChange(
                  event.currentTarget.checked ? [...chosen, value] : chosen.filter((one) => one !== value),
                )
              }
            />
            <span>{value}</span>
          </label>
        ))}
        {found.length === 0 && <p class="quiet">None is called that.</p>}
        {found.length > MOST && <p class="quiet">{found.length - MOST} more: type to find them.</p>}
      </div>
      {chosen.length > 0 && (
        <Button kind="quiet" icon="close" onClick={() => onChange([])}>
          Show all
        </Button>
      )}
    </div>
  );
}

/** Critical ones are errors to whoever clicks. */
const GROUPS: readonly (readonly [name: string, levels: readonly string[]])[] = [
  ['error', ['critical', 'error']],
  ['warn', ['warn']],
  ['info', ['info']],
  ['debug', ['debug', 'trace']],
  ['unknown', ['unknown']],
];

function LevelFilter({ query, onChange }: FiltersProps) {
  const chosen = levelsOf(query);
  return (
    <div class="query-levels" role="group" aria-label="Levels">
      {GROUPS.map(([name, levels]) => {
        const isOn = levels.every((level) => chosen.includes(level));
        const others = chosen.filter((level) => !levels.includes(level));
        const next = LEVELS.filter((level) => (isOn ? others : [...others, ...levels]).includes(level));
        return (
          <button
            key={name}
            type="button"
            class={`query-level level-${name}`}
            aria-pressed={isOn}
            title={
              isOn
                ? `Stop asking for ${levels.join(' and ')}`
                : `Only ${levels.join(' and ')}${chosen.length > 0 ? ' too' : ''}`
            }
            onClick={() => onChange(withLevels(query, next))}
          >
            {name}
          </button>
        );
      })}
    </div>
  );
}
