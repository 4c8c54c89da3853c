/** A processor of type labels. */
import { z } from 'zod';
import { CATCH_UP_LABEL, GAP_LABEL } from '../../../pipeline/streams.js';
import { type Leaf, leaf } from '../../leaf.js';
import { anyText, textLike, whole } from '../../leaves.js';
import type { LabelsProcessorConfig } from '../../processor-types.js';
import { section } from '../../section.js';
import { MATCH, match, TYPE } from '../shared.js';

/** Names by which the agent itself tells streams apart. */
const OWN = `__|(?:${CATCH_UP_LABEL}|${GAP_LABEL})$`;
const NAME = `^(?!${OWN})[a-zA-Z_][a-zA-Z0-9_]*$`;

const ownLabel = (): Leaf<string> =>
  textLike(`a label name: letters, digits and _, but not ${CATCH_UP_LABEL} or ${GAP_LABEL}`, NAME);

const labelNames = (): Leaf<readonly string[]> =>
  leaf(
    {
      accepts: 'a list of label names, such as [compose_project]',
      json: { type: ['array', 'string'], items: { type: 'string', pattern: NAME } },
    },
    (value) => {
      const names = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value;
      const isList = Array.isArray(names) && names.every((name) => new RegExp(NAME).test(String(name)));
      return isList ? (names as string[]) : undefined;
    },
  );

const fieldName = (): Leaf<string> =>
  textLike('the name of a field: letters, digits and _', '^[a-zA-Z_][a-zA-Z0-9_]*$');

export const labels = section<LabelsProcessorConfig>({
  type: ['type', z.literal('labels'), TYPE],
  match: ['match', match().optional(), MATCH],
  drop: ['drop', labelNames().default([]), 'Labels that go.'],
  rename: ['rename', z.record(ownLabel(), ownLabel()).default({}), 'New names of labels, by their old ones.'],
  add: [
    'add',
    z.record(ownLabel(), anyText()).default({}),
    'Labels on every line, in place of those that are there.',
  ],
  fromFields: [
    'from_fields',
    z.record(ownLabel(), fieldName()).default({}),
    'Fields that become labels, by the names of the labels.',
  ],
  maxValues: [
    'max_values',
    whole(1, 10_000, 100).default(100),
    'Most values of such a field, for one container or other source: each makes a stream. Further ones stay fields.',
  ],
});
