/** Containers as a table: those that are captured with transport, reason, sinks and labels, then the others with the reason. */
import { shownLabels } from '../pipeline/hidden-labels.js';
import { type Labels, labelText } from '../pipeline/streams.js';
import type { ContainerStatus } from '../sources/docker/index.js';
import { aligned } from './aligned.js';
import { OUTPUTS, type Taker } from './takers.js';
import { terminalText } from './terminal-text.js';

type Row = readonly string[];
export type Shown = Pick<ContainerStatus, 'name' | 'state' | 'transport' | 'transportWhy' | 'why'> & {
  /** With the one that says stdout or stderr, as `OUTPUT_VALUES`. */
  readonly labels: Labels;
  /** Undefined: there are no sinks. */
  readonly takers: readonly Taker[] | undefined;
};

export const OUTPUT_VALUES = OUTPUTS.join('|');

/** Lines with a newline each. Names and labels come from anybody: nothing in them reaches the terminal as a command. */
export function containerTable(containers: readonly Shown[]): string {
  const sorted = containers.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const captured = sorted.filter(({ transport }) => transport !== 'none');
  const left = sorted.filter(({ transport }) => transport === 'none');
  const rows: Row[] = [
    ...captured.map(({ name, state, transport, transportWhy, labels, takers }) => [
      name,
      state,
      transportWhy === '' ? transport : `${transport}: ${transportWhy}`,
      ...(takers ? [sinksText(takers)] : []),
      labelText(shownLabels(labels)),
    ]),
    ...left.map(({ name, state, why }) => [name, state, `not captured: ${why}`]),
  ];
  if (rows.length === 0) return '  no containers: there are none yet\n';
  return aligned(
    rows.map(([name, ...facts]) => [`  ${name}`, ...facts].map((cell) => terminalText(cell, false))),
  );
}

/** `to loki, errors (stderr)` */
function sinksText(takers: readonly Taker[]): string {
  const sinks = takers.map(({ sink, outputs }) =>
    outputs.length === OUTPUTS.length ? sink : `${sink} (${outputs.join()})`,
  );
  return `to ${sinks.join(', ') || 'no sink'}`;
}
