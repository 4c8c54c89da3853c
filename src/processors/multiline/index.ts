/** Joins lines that are one event: stack traces of eight languages without being told, and what patterns say. */
import type { MultilineProcessorConfig } from '../../config/processor-types.js';
import type { Processor, StageContext } from '../../pipeline/contract.js';
import { Tally } from '../tally.js';
import type { Grammar } from './grammar.js';
import { GRAMMARS } from './languages/index.js';
import { patternGrammar } from './pattern.js';
import { MultilineStage } from './stage.js';

export function createMultilineProcessor(name: string, config: MultilineProcessorConfig): Processor {
  const grammars = grammarsOf(config);
  const tally = new Tally(name);
  return {
    name,
    figures: tally,
    begin: (context: StageContext) => new MultilineStage(grammars, config, context, tally),
  };
}

function grammarsOf({ languages, start, continues }: MultilineProcessorConfig): readonly Grammar[] {
  if (start !== undefined || continues !== undefined) return [patternGrammar(start, continues)];
  return languages ? languages.map((language) => GRAMMARS[language]) : Object.values(GRAMMARS);
}
