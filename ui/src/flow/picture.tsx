/** The drawing: boxes that can be pressed, and arrows between them that are as thick as what they carry. */

import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { FlowJournal, FlowProcessor } from '../../../src/server/shapes/flow.js';
import { bytes, counted, digits, duration, rate, short } from '../lib/format.js';
import { millisOf } from '../lib/time.js';
import { Chip } from '../parts/chip.js';
import type { Tone } from './flow.js';
import { type Arrow, layoutFlow, thickness } from './layout.js';
import type { Part } from './parts.js';
import { failedBy, goneBy } from './processors.js';

interface PictureProps {
  readonly parts: readonly (readonly Part[])[];
  readonly chosen: string | undefined;
  readonly onChoose: (id: string) => void;
}

export function Picture({ parts, chosen, onChoose }: PictureProps) {
  const root = useRef<HTMLDivElement>(null);
  const width = useWidth(root);
  const all = parts.flat();
  const layout = layoutFlow(parts, width ?? 0);
  return (
    <div
      ref={root}
      class={layout.isWide ? 'flow-picture' : 'flow-picture flow-narrow'}
      style={{ height: `${layout.height}px` }}
      role="group"
      aria-label="Pipeline"
    >
      {width !== undefined && (
        <>
          <svg class="flow-arrows" width={width} height={layout.height} aria-hidden="true">
            {layout.arrows.map((arrow) => (
              <Line
                key={`${arrow.from} ${arrow.to}`}
                arrow={arrow}
                isWide={layout.isWide}
                {...carried(arrow, all)}
              />
            ))}
          </svg>
          {all.map((part) => {
            const box = layout.boxes.get(part.id);
            if (!box) return null;
            const place = {
              left: `${box.x}px`,
              top: `${box.y}px`,
              width: `${box.width}px`,
              height: `${box.height}px`,
            };
            return (
              <button
                key={part.id}
                type="button"
                class={`flow-part flow-${part.condition.tone}`}
                style={place}
                aria-pressed={part.id === chosen}
                onClick={() => onChoose(part.id)}
              >
                <PartFace part={part} />
              </button>
            );
          })}
        </>
      )}
    </div>
  );
}

/** Follows the element's width; undefined before it is known. */
function useWidth(root: { readonly current: HTMLElement | null }): number | undefined {
  const [width, setWidth] = useState<number>();
  useLayoutEffect(() => {
    const { current } = root;
    if (!current) return undefined;
    const observer = new ResizeObserver(() => setWidth(current.clientWidth));
    observer.observe(current);
    setWidth(current.clientWidth);
    return () => observer.disconnect();
  }, []);
  return width;
}

interface Carried {
  readonly linesPerSecond: number;
  readonly tone: Tone;
}

/** An arrow shows what comes out of where it begins; one to a sink what that takes. */
function carried({ from, to }: Arrow, parts: readonly Part[]): Carried {
  const part = parts.find(({ id }) => id === (to.startsWith('sink/') ? to : from));
  return { linesPerSecond: part?.linesPerSecond ?? 0, tone: part?.condition.tone ?? 'none' };
}

interface LineProps extends Carried {
  readonly arrow: Arrow;
  readonly isWide: boolean;
}

function Line({ arrow: { path, label }, isWide, linesPerSecond, tone }: LineProps) {
  const isIdle = linesPerSecond <= 0;
  return (
    <g class={`flow-arrow flow-${tone} ${isIdle ? 'flow-idle' : ''}`}>
      <path d={path} stroke-width={thickness(linesPerSecond, isWide)} />
      {label && (
        <text x={label.x} y={label.y - thickness(linesPerSecond, isWide) / 2 - 5}>
          {isIdle ? (tone === 'bad' ? 'blocked' : 'idle') : rate(linesPerSecond, 'lines')}
        </text>
      )}
    </g>
  );
}

function PartFace({ part }: { readonly part: Part }) {
  const { name, condition, kind } = part;
  return (
    <>
      <span class="flow-head">
        <span class={`dot dot-${condition.tone}`} />
        <strong>{name}</strong>
        {kind === 'source' && <Chip>{part.source.type}</Chip>}
        {kind === 'sink' && <Chip>{part.sink.type}</Chip>}
      </span>
      <span class={`flow-words ${condition.tone === 'none' ? 'quiet' : condition.tone}`}>
        {condition.words}
      </span>
      {kind === 'source' && <SourceFace part={part} />}
      {kind === 'processors' && <ProcessorFaces processors={part.processors} />}
      {kind === 'journal' && <Tank journal={part.journal} />}
      {kind === 'sink' && <SinkFace part={part} />}
    </>
  );
}

function SourceFace({ part: { source } }: { readonly part: Part & { readonly kind: 'source' } }) {
  const { file, api, none } = source.containers;
  const how = [file > 0 && `${file} by file`, api > 0 && `${api} by API`, none > 0 && `${none} not read`];
  return (
    <>
      <span class="flow-figure">
        {rate(source.linesPerSecond, 'lines')} <span class="quiet">{bytes(source.bytesPerSecond)}/s</span>
      </span>
      <span class="quiet">{how.filter(Boolean).join(', ') || `${short(source.lines)} lines so far`}</span>
    </>
  );
}

/** Each in a line, with what it took out. */
function ProcessorFaces({ processors }: { readonly processors: readonly FlowProcessor[] }) {
  return processors.map((processor) => {
    const gone = processor.in > 0 ? (100 * goneBy(processor)) / processor.in : 0;
    return (
      <span key={processor.name} class="flow-step">
        {processor.name} {gone > 0 && <span class="quiet">−{gone < 0.1 ? '<0.1' : digits(gone)} %</span>}
        {failedBy(processor) > 0 && <span class="warn"> {short(failedBy(processor))} failed</span>}
      </span>
    );
  });
}

function SinkFace({ part: { sink } }: { readonly part: Part & { readonly kind: 'sink' } }) {
  return (
    <>
      <span class="flow-figure">{rate(sink.linesPerSecond, 'lines')}</span>
      <span class="quiet">
        {sink.pending === 0
          ? 'nothing waits'
          : `${short(sink.pending)} to go${sink.lagSeconds > 0 ? `, ${duration(sink.lagSeconds)} behind` : ''}`}
      </span>
    </>
  );
}

function percent(part: number, whole: number): string {
  return whole > 0 ? `${digits((100 * part) / whole)} %` : '';
}

/** How full the journal is, and how much of that some sink still needs. */
function Tank({ journal }: { readonly journal: FlowJournal }) {
  const { capacity, neededBy, oldest } = journal;
  const part = (size: number): string => `${Math.min(100, capacity > 0 ? (100 * size) / capacity : 0)}%`;
  const [most] = neededBy;
  return (
    <>
      <span class="flow-figure">{rate(journal.linesPerSecond, 'lines')}</span>
      <span class="flow-tank">
        <span class="flow-kept" style={{ width: part(journal.bytes) }} />
        {most && (
          <span
            class="flow-needed"
            style={{
              width: part(Math.min(most.bytes, journal.bytes)),
              left: `calc(${part(journal.bytes)} - ${part(Math.min(most.bytes, journal.bytes))})`,
            }}
          />
        )}
      </span>
      <span>
        {bytes(journal.bytes)}{' '}
        <span class="quiet">
          of {bytes(capacity)}, {percent(journal.bytes, capacity)}
        </span>
      </span>
      <span class="quiet">
        {oldest === null ? 'no line yet' : `reaches back ${duration((Date.now() - millisOf(oldest)) / 1000)}`}
      </span>
      <span class={most && most.bytes > 0.5 * capacity ? 'warn' : 'quiet'}>
        {most
          ? `${most.sink} still needs ${bytes(most.bytes)}`
          : `${counted(journal.segments, 'segment')}, needed by no sink`}
      </span>
    </>
  );
}
