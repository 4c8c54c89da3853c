/** `labels`: adds, renames and drops labels of streams, and makes labels of fields. */
import type { LabelsProcessorConfig } from '../../config/processor-types.js';
import type { Processor } from '../../pipeline/contract.js';
import type { Logger } from '../../runtime/log.js';
import { Tally } from '../tally.js';
import { LabelStage } from './stage.js';

export function createLabelsProcessor(
  name: string,
  config: LabelsProcessorConfig,
  { log }: { readonly log: Logger },
): Processor {
  const tally = new Tally(name);
  const told = new Set<string>();
  /** Once for each label: there may be a thousand containers that do the same. */
  const tell = (label: string, field: string, stream: string): void => {
    if (told.has(label)) return;
    told.add(label);
    log.warn(
      { processor: name, label, field, stream },
      `The field ${field} has more than ${config.maxValues} values: too many for a label, because each makes a stream of its own. Lines with other values keep it as a field.`,
    );
  };
  return { name, figures: tally, begin: (context) => new LabelStage(config, context, tally, tell) };
}
