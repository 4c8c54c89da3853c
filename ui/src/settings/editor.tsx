/**
 * A field for YAML with line numbers, and what is wrong beside the very place. The marks lie over the field in its own
 * metrics (one font of fixed width, no wrapping, a tab as wide as two characters) and are moved as it is scrolled.
 */
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ConfigProblem } from '../../../src/config/shape.js';
import { severityByLine, wordsOf } from './problems.js';

interface EditorProps {
  readonly area: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  readonly problems: readonly ConfigProblem[];
  readonly onInput: (text: string) => void;
}

/** Pixels, as the style sheet has it. */
const LINE_HEIGHT = 20;

export function Editor({ area, text, problems, onInput }: EditorProps) {
  const numbers = useRef<HTMLDivElement>(null);
  const marks = useRef<HTMLDivElement>(null);
  const lines = text.split('\n');
  const worst = severityByLine(problems);
  const follow = (): void => {
    const { scrollTop = 0, scrollLeft = 0 } = area.current ?? {};
    if (numbers.current) numbers.current.style.transform = `translateY(${-scrollTop}px)`;
    if (marks.current) marks.current.style.transform = `translate(${-scrollLeft}px, ${-scrollTop}px)`;
  };
  useLayoutEffect(follow, [text, problems]);
  return (
    <div class="editor">
      <div class="editor-gutter" aria-hidden="true">
        <div ref={numbers}>
          {lines.map((_line, at) => (
            <div key={String(at)} class={`editor-number editor-${worst.get(at + 1) ?? 'fine'}`}>
              {worst.has(at + 1) ? '!' : ''} {at + 1}
            </div>
          ))}
        </div>
      </div>
      <div class="editor-field">
        <div class="editor-clip" aria-hidden="true">
          <div ref={marks} class="editor-marks">
            {[...worst].map(([line, severity]) => (
              <Mark
                key={line}
                line={line}
                severity={severity}
                text={lines[line - 1] ?? ''}
                problems={problems}
              />
            ))}
          </div>
        </div>
        <textarea
          ref={area}
          aria-label="Configuration to check"
          aria-invalid={problems.some(({ severity }) => severity === 'error')}
          value={text}
          wrap="off"
          rows={Math.min(28, Math.max(12, lines.length + 1))}
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          onInput={(event) => onInput(event.currentTarget.value)}
          onScroll={follow}
        />
      </div>
    </div>
  );
}

interface MarkProps {
  readonly line: number;
  readonly severity: ConfigProblem['severity'];
  readonly text: string;
  readonly problems: readonly ConfigProblem[];
}

/** The line's ground, a stroke under the place, and the words behind the line's end. */
function Mark({ line, severity, text, problems }: MarkProps) {
  const here = problems.filter((problem) => problem.line === line && problem.severity === severity);
  const [first] = here;
  const { column } = first;
  const width = (part: string): number => part.length + part.split('\t').length - 1;
  const from = width(text.slice(0, (column ?? 1) - 1));
  const word = /^[^\s:,\]}]+/.exec(text.slice((column ?? 1) - 1))?.[0].length ?? 1;
  return (
    <div class={`editor-mark editor-${severity}`} style={{ top: `${(line - 1) * LINE_HEIGHT}px` }}>
      {column !== null && <span class="editor-stroke" style={{ left: `${from}ch`, width: `${word}ch` }} />}
      <span class="editor-words" style={{ left: `${width(text) + 2}ch` }}>
        {wordsOf(first)}
        {here.length > 1 && ` (and ${here.length - 1} more)`}
      </span>
    </div>
  );
}
