/** `parse`: takes fields out of lines and into their structured metadata. */
import type { ParseProcessorConfig } from '../../config/processor-types.js';
import type { Processor } from '../../pipeline/contract.js';
import type { Draft } from '../../pipeline/draft.js';
import { FieldSet } from '../../pipeline/fields.js';
import { Tally } from '../tally.js';
import { formatOf } from './formats.js';

export function createParseProcessor(name: string, config: ParseProcessorConfig): Processor {
  const tally = new Tally(name);
  const fields = new FieldSet(config);
  const format = formatOf(config, fields);
  const marks = config.format !== 'auto';

  function read(draft: Draft, row: number): void {
    tally.lines++;
    fields.begin();
    const failure = format.read(draft.arena, draft.start[row], draft.end[row]);
    if (failure === undefined) fields.commit(draft, row);
    else if (marks) tally.fail(draft, row, failure);
  }

  return {
    name,
    figures: tally,
    begin: ({ selects }) => ({
      process(draft) {
        for (let row = 0; row < draft.length; row++) if (selects(draft.stream[row])) read(draft, row);
        if (fields.dropped === 0) return;
        tally.did('fields_dropped', fields.dropped);
        fields.dropped = 0;
      },
    }),
  };
}
