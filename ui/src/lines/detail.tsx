import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { readAnsi } from '../lib/ansi.js';
import { type ApiError, getJson } from '../lib/api.js';
import { bytes } from '../lib/format.js';
import { zone } from '../lib/prefs.js';
import { href } from '../lib/router.js';
import { wholeText } from '../lib/time.js';
import { Button } from '../parts/button.js';
import { Chip } from '../parts/chip.js';
import { CopyButton } from '../parts/copy-button.js';
import { Icon } from '../parts/icon.js';
import { ErrorNotice } from '../parts/notice.js';
import { Fields } from './fields.js';
import { jsonIn } from './json.js';
import { JsonTree } from './json-tree.js';
import type { Line } from './line.js';
import type { Row } from './line-store.js';

/** What a page lets its user do with a line; what is left out is not offered. */
export interface LineActions {
  readonly onOnly?: (container: string) => void;
  readonly onExclude?: (container: string) => void;
  /** A value of a line's JSON was pressed. */
  readonly onValue?: (text: string) => void;
  readonly onField?: (name: string, value: string) => void;
  readonly onLevel?: (level: string) => void;
}

/** Pieces of a long text that the browser lays out only when they are seen. */
const PIECE = 8_192;

/** What is below a line that was opened. */
export function Detail({
  row,
  line,
  actions,
}: {
  readonly row: Row;
  readonly line: Line;
  readonly actions: LineActions;
}) {
  const whole = useSignal<string | undefined>(undefined);
  const text = whole.value ?? line.line;
  const json = useMemo(() => jsonIn(text), [text]);
  const { container, stream, level, time, labels } = line;
  const { onOnly, onExclude, onValue } = actions;
  return (
    <div class="detail">
      <p class="detail-facts">
        <span>{wholeText(time, zone.value)}</span>
        <span>{container}</span>
        {stream !== '' && <span>{stream}</span>}
        <span>{level === 'unknown' ? 'level unknown' : level}</span>
      </p>
      {line.fields && <Fields fields={line.fields} level={level} actions={actions} />}
      {json !== undefined && <JsonTree value={json} onValue={onValue} />}
      {labels && (
        <div class="detail-labels">
          {Object.entries(labels).map(([name, value]) => (
            <Chip key={name}>
              {name}={value}
            </Chip>
          ))}
        </div>
      )}
      {line.cut !== undefined && (
        <Whole line={line} whole={whole.value} onWhole={(got) => (whole.value = got)} />
      )}
      <div class="detail-actions">
        <CopyButton text={() => [text, ...row.rest.map((rest) => rest.line)].join('\n')}>
          {row.rest.length > 0 ? 'Copy all' : 'Copy'}
        </CopyButton>
        <a class="button button-quiet" href={href('line', { container, time, stream })}>
          <Icon name="link" />
          <span>Permalink</span>
        </a>
        {onOnly && (
          <Button kind="quiet" icon="only" onClick={() => onOnly(container)}>
            Only this container
          </Button>
        )}
        {onExclude && (
          <Button kind="quiet" icon="exclude" onClick={() => onExclude(container)}>
            Without it
          </Button>
        )}
      </div>
    </div>
  );
}

interface WholeProps {
  readonly line: Line;
  readonly whole: string | undefined;
  readonly onWhole: (text: string) => void;
}

/** A line that was cut for the list, fetched on a press. */
function Whole({ line, whole, onWhole }: WholeProps) {
  const error = useSignal<ApiError | undefined>(undefined);
  const isLoading = useSignal(false);
  const over = useRef(new AbortController());
  useEffect(() => () => over.current.abort(), []);
  const load = async (): Promise<void> => {
    const { container, time, stream } = line;
    isLoading.value = true;
    error.value = undefined;
    try {
      const params = { container, time, stream, before: 0, after: 0, full: 1 };
      const { lines, found } = await getJson<{ lines: Line[]; found: number }>('api/v1/context', {
        params,
        signal: over.current.signal,
      });
      onWhole(lines[found]?.line ?? line.line);
    } catch (thrown) {
      if (!over.current.signal.aborted) error.value = thrown as ApiError;
    }
    isLoading.value = false;
  };
  if (whole !== undefined) return <LongText text={whole} />;
  return (
    <>
      {error.value && <ErrorNotice error={error.value} />}
      <Button icon="whole" disabled={isLoading.value} onClick={() => void load()}>
        Show the whole line ({bytes(line.cut ?? 0)} more)
      </Button>
    </>
  );
}

function LongText({ text }: { readonly text: string }) {
  const pieces = useMemo(() => {
    const shown = readAnsi(text).text;
    return Array.from({ length: Math.ceil(shown.length / PIECE) }, (_none, at) =>
      shown.slice(at * PIECE, (at + 1) * PIECE),
    );
  }, [text]);
  return (
    // The browser scrolls it, and the keyboard must reach it.
    <div class="detail-long" tabIndex={0} role="region" aria-label="The whole line">
      {pieces.map((piece, at) => (
        <div key={at}>{piece}</div>
      ))}
    </div>
  );
}
