/** `sample`: keeps a part of each stream's lines, evenly spread and beginning with the first; what is kept says so in a field. */
import type { SampleProcessorConfig } from '../../config/processor-types.js';
import type { Processor, StageContext } from '../../pipeline/contract.js';
import { fieldName } from '../../pipeline/metadata.js';
import { PerStream } from '../per-stream.js';
import { Tally } from '../tally.js';

/** Of a line that stands for more than itself: the part of the lines that was kept. */
const RATE = fieldName('sample_rate');

export function createSampleProcessor(name: string, { rate }: SampleProcessorConfig): Processor {
  const tally = new Tally(name);
  const shown = Buffer.from(String(rate));
  return {
    name,
    figures: tally,
    begin({ selects, streams }: StageContext) {
      const seen = new PerStream(streams, () => ({ lines: 0 }));
      return {
        process(draft, account) {
          const gone = draft.filter((row) => {
            const id = draft.stream[row];
            if (!selects(id)) return true;
            tally.lines++;
            const stream = seen.of(id);
            const before = Math.ceil(stream.lines * rate);
            if (Math.ceil(++stream.lines * rate) === before) return false;
            const fields = draft.fields();
            if (rate < 1 && !fields.find(row, RATE)) fields.add(row, RATE, shown, 0, shown.length);
            return true;
          });
          if (gone > 0) account.filtered(name, gone);
        },
      };
    },
  };
}
