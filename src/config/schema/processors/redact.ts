/** A processor of type redact. */
import { z } from 'zod';
import { Budget, compileSearch, PatternError } from '../../../regex/index.js';
import { type Leaf, leaf } from '../../leaf.js';
import { anyText, textLike } from '../../leaves.js';
import {
  REDACT_RULES,
  type RedactPattern,
  type RedactProcessorConfig,
  type RedactRule,
} from '../../processor-types.js';
import { section } from '../../section.js';
import { MATCH, match, TYPE } from '../shared.js';

/** Stands in the list for all but the addresses of hosts. */
const DEFAULT = 'default';
export const DEFAULT_RULES: readonly RedactRule[] = REDACT_RULES.filter((rule) => rule !== 'ip');

const WORDS: readonly string[] = [DEFAULT, ...REDACT_RULES];

/** Names of rules, `default` being most of them. Undefined where a name is none. */
function redactRules(names: readonly unknown[]): readonly RedactRule[] | undefined {
  if (!names.every((name) => typeof name === 'string' && WORDS.includes(name))) return undefined;
  const isDefault = names.includes(DEFAULT);
  return REDACT_RULES.filter((rule) => names.includes(rule) || (isDefault && DEFAULT_RULES.includes(rule)));
}

const rules = (): Leaf<readonly RedactRule[]> =>
  leaf(
    {
      accepts: `a list of rules: ${WORDS.join(', ')}`,
      json: { type: ['array', 'string'], items: { enum: WORDS } },
    },
    (value) => {
      const names = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value;
      return Array.isArray(names) ? redactRules(names) : undefined;
    },
  );

const pattern = (): Leaf<string> =>
  leaf({ accepts: 'a regular expression', json: { type: 'string', minLength: 1 } }, (value) => {
    if (typeof value !== 'string' || value === '') return undefined;
    try {
      const { test } = compileSearch(value, new Budget());
      if (test(new Uint8Array(0), 0, 0) === true) throw new SyntaxError('it also matches nothing at all');
    } catch (error) {
      if (error instanceof PatternError) throw new SyntaxError(error.what);
      throw error;
    }
    return value;
  });

const own = section<RedactPattern>({
  name: [
    'name',
    textLike('a name of small letters, digits and _', '^[a-z][a-z0-9_]{0,31}$'),
    'What it is called in the text that takes its place, and where it is counted.',
  ],
  pattern: ['pattern', pattern(), 'What is to go: all of the match.'],
  replace: ['replace', anyText().optional(), 'What takes its place. Default: `[REDACTED:<name>]`.'],
});

export const redact = section<RedactProcessorConfig>({
  type: ['type', z.literal('redact'), TYPE],
  match: ['match', match().optional(), MATCH],
  rules: [
    'rules',
    rules().default(DEFAULT_RULES),
    'Which of the built-in rules look for secrets; `default` is all but ip.',
  ],
  patterns: ['patterns', z.array(own).default([]), 'Rules of your own.'],
});
