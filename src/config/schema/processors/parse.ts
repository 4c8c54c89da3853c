/** A processor of type parse. */
import { z } from 'zod';
import { Budget, compileFinder, PatternError } from '../../../regex/index.js';
import { type Leaf, leaf } from '../../leaf.js';
import { oneOf, textLike, texts } from '../../leaves.js';
import { PARSE_FORMATS, type ParseProcessorConfig } from '../../processor-types.js';
import { section } from '../../section.js';
import { MATCH, match, TYPE } from '../shared.js';

const pattern = (): Leaf<string> =>
  leaf(
    {
      accepts: `a regular expression with named groups, such as '^(?P<method>[A-Z]+) '`,
      json: { type: 'string', minLength: 1 },
    },
    (value) => {
      if (typeof value !== 'string') return undefined;
      try {
        const { names } = compileFinder(value, new Budget());
        return names.some((name) => name !== undefined) ? value : undefined;
      } catch (error) {
        if (error instanceof PatternError) throw new SyntaxError(error.what);
        throw error;
      }
    },
  );

export const parse = section<ParseProcessorConfig>({
  type: ['type', z.literal('parse'), TYPE],
  match: ['match', match().optional(), MATCH],
  format: [
    'format',
    oneOf(...PARSE_FORMATS).default('auto'),
    'How the lines are written; auto: each is judged by its first bytes.',
  ],
  pattern: ['pattern', pattern().optional(), 'Of format regex: each named group is a field.'],
  fields: [
    'fields',
    texts('[status, trace_id]').optional(),
    'Only these fields, by the names that they have in the history; default: all.',
  ],
  messageField: [
    'message_field',
    textLike('the name of a field: letters, digits and _', '^[a-zA-Z_][a-zA-Z0-9_]*$').optional(),
    'A field whose value takes the place of the line; default: the line stays as it is.',
  ],
});
