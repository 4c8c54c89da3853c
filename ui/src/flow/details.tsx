/** All figures of one part of the pipeline. */
import type { ComponentChildren } from 'preact';
import type { FlowJournal, FlowSink, FlowSource } from '../../../src/server/shapes/flow.js';
import { bytes, count, counted, duration, rate } from '../lib/format.js';
import { zone } from '../lib/prefs.js';
import { href } from '../lib/router.js';
import { wholeText } from '../lib/time.js';
import { IconButton } from '../parts/button.js';
import { Notice } from '../parts/notice.js';
import type { Part } from './parts.js';
import { ProcessorTable } from './processor-table.js';

type Facts = readonly (readonly [name: string, value: ComponentChildren] | false)[];

export function Details({ part, onClose }: { readonly part: Part; readonly onClose: () => void }) {
  const { name, condition } = part;
  const reason = reasonOf(part);
  return (
    <section class="flow-details" aria-label={`Details of ${name}`}>
      <header>
        <h2>{titleOf(part)}</h2>
        <span class={condition.tone === 'none' ? 'quiet' : condition.tone}>{condition.words}</span>
        <IconButton icon="close" label="Close" onClick={onClose} />
      </header>
      {reason !== '' && <Notice tone={condition.tone === 'bad' ? 'bad' : 'warn'}>{reason}</Notice>}
      {part.kind === 'processors' && <ProcessorTable processors={part.processors} />}
      <dl>
        {factsOf(part).map(
          (fact) =>
            fact && (
              <div key={fact[0]}>
                <dt>{fact[0]}</dt>
                <dd>{fact[1]}</dd>
              </div>
            ),
        )}
      </dl>
    </section>
  );
}

function titleOf({ kind, name }: Part): string {
  if (kind === 'journal') return 'Journal';
  return kind === 'processors' ? 'Processors' : `${name}, ${kind}`;
}

function reasonOf(part: Part): string {
  if (part.kind === 'processors') return '';
  if (part.kind === 'journal') return part.journal.lastError ?? '';
  return part.kind === 'source' ? part.source.reason : part.sink.reason;
}

function factsOf(part: Part): Facts {
  if (part.kind === 'processors') return [];
  if (part.kind === 'journal') return journalFacts(part.journal);
  return part.kind === 'source' ? sourceFacts(part.source) : sinkFacts(part.sink);
}

function sourceFacts(source: FlowSource): Facts {
  const { file, api, none } = source.containers;
  return [
    ['Type', source.type],
    ['Reads now', `${rate(source.linesPerSecond, 'lines')}, ${bytes(source.bytesPerSecond)}/s`],
    ['Read in this run', counted(source.lines, 'line')],
    file + api + none > 0 && [
      'Containers',
      <a key="containers" href={href('containers')}>
        {count(file)} by file, {count(api)} by API, {count(none)} not read
      </a>,
    ],
    source.streamCapacity > 0 && [
      'Streams of the API',
      `${count(source.streams)} of at most ${count(source.streamCapacity)}`,
    ],
    source.streamCapacity > 0 && ['Wait for a stream', count(source.waiting)],
  ];
}

function journalFacts(journal: FlowJournal): Facts {
  return [
    ['Holds', `${bytes(journal.bytes)} in ${counted(journal.segments, 'segment')}`],
    [
      'May hold',
      journal.capacity < journal.maxBytes
        ? `${bytes(journal.capacity)}: the disk has no room for ${bytes(journal.maxBytes)}`
        : bytes(journal.maxBytes),
    ],
    ['Oldest line', journal.oldest === null ? 'none yet' : wholeText(journal.oldest, zone.value)],
    ['Takes now', rate(journal.linesPerSecond, 'lines')],
    ['Journaled in all', counted(journal.lines, 'line')],
    ['Not committed yet', counted(journal.uncommitted, 'line')],
    ['Damaged blocks', count(journal.damagedBlocks)],
    [
      'Needed by',
      journal.neededBy.length === 0
        ? 'no sink'
        : journal.neededBy.map(({ sink, bytes: size }) => `${sink} ${bytes(size)}`).join(', '),
    ],
  ];
}

function sinkFacts(sink: FlowSink): Facts {
  const rejected = Object.entries(sink.rejected).filter(([, lines]) => lines > 0);
  return [
    ['Type', sink.type],
    ['Takes now', rate(sink.linesPerSecond, 'lines')],
    ['Delivered in this run', counted(sink.lines, 'line')],
    ['Waits', `${counted(sink.pending, 'line')}, ${bytes(sink.pendingBytes)} of the journal`],
    ['Behind by', duration(sink.lagSeconds)],
    ['Circuit', sink.circuit],
    ['Last error', sink.lastError ?? 'none'],
    [
      'Rejected',
      rejected.length === 0 ? (
        'none'
      ) : (
        <a key="letters" href={href('dead-letters', { sink: sink.name })}>
          {rejected.map(([reason, lines]) => `${count(lines)} ${reason}`).join(', ')}
        </a>
      ),
    ],
    [
      'Lost at the cap or by damage',
      sink.dropped === 0 ? (
        'none'
      ) : (
        <a key="gaps" href={href('containers')}>
          {counted(sink.dropped, 'line')}
        </a>
      ),
    ],
  ];
}
