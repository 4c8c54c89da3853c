/** What each processor did with the lines of this run, in the order in which they pass them. */
import type { FlowProcessor } from '../../../src/server/shapes/flow.js';
import { count } from '../lib/format.js';
import { Chip } from '../parts/chip.js';
import { failedBy, ranked } from './processors.js';

export function ProcessorTable({ processors }: { readonly processors: readonly FlowProcessor[] }) {
  return (
    // The browser scrolls it, and the keyboard must reach it.
    <div class="flow-processors" tabIndex={0} role="region" aria-label="Processors, scrollable">
      <table aria-label="Processors">
        <thead>
          <tr>
            <th scope="col">Processor</th>
            <th scope="col">For</th>
            <Head title="Lines that came to it in this run, those that it is not for included">Came</Head>
            <Head title="Lines that went on">Went on</Head>
            <Head title="Lines that it left out">Filtered</Head>
            <Head title="Lines that became part of another line">Merged</Head>
            <Head title="Lines that it made itself">Made</Head>
            <Head title="Lines that wait in it now">Held</Head>
            <Head title="Lines that it could not handle, and that passed unchanged">Failed</Head>
            <th scope="col">Did</th>
          </tr>
        </thead>
        <tbody>
          {processors.map((processor) => (
            <Row key={processor.name} processor={processor} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Head({ title, children }: { readonly title: string; readonly children: string }) {
  return (
    <th scope="col" class="number" title={title}>
      {children}
    </th>
  );
}

function Row({ processor }: { readonly processor: FlowProcessor }) {
  const { name, match, filtered, failed, done } = processor;
  const figure = (lines: number) => <td class="number">{count(lines)}</td>;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{match === null ? <span class="quiet">all</span> : <code>{match}</code>}</td>
      {figure(processor.in)}
      {figure(processor.out)}
      {figure(ranked(filtered).reduce((sum, [, lines]) => sum + lines, 0))}
      {figure(processor.merged)}
      {figure(processor.generated)}
      {figure(processor.held)}
      <td class={failedBy(processor) > 0 ? 'number warn' : 'number'}>
        {failedBy(processor) === 0
          ? '0'
          : ranked(failed)
              .map(([reason, lines]) => `${count(lines)} ${reason}`)
              .join(', ')}
      </td>
      <td>
        {ranked(done).map(([what, times]) => (
          <Chip key={what}>
            {count(times)} {what}
          </Chip>
        ))}
      </td>
    </tr>
  );
}
