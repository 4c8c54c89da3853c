/** All rules that are built in. Where several find something at a place, the first one counts. */
import type { RedactRule } from '../../config/processor-types.js';
import { assignmentRule, type NamedSecret } from './assignment.js';
import { BASIC, BEARER, OTHER_SCHEME } from './authorization.js';
import { CARD } from './card.js';
import { NAMED_SECRETS } from './credentials.js';
import { EMAIL } from './email.js';
import { IBAN } from './iban.js';
import { IP } from './ip.js';
import { JWT } from './jwt.js';
import { PRIVATE_KEY } from './private-key.js';
import type { Rule } from './rule.js';
import { TOKEN_RULES } from './tokens.js';
import { URL_PASSWORD } from './url-password.js';
import { AZURE_SECRET, SLACK_HOOK } from './vendors.js';

const BEFORE_NAMES: readonly Rule[] = [
  PRIVATE_KEY,
  JWT,
  BEARER,
  BASIC,
  OTHER_SCHEME,
  ...TOKEN_RULES,
  SLACK_HOOK,
  AZURE_SECRET,
];
const BEHIND_NAMES: readonly Rule[] = [URL_PASSWORD, CARD, IBAN, EMAIL, IP];

export function rulesNamed(names: readonly RedactRule[]): Rule[] {
  const isWanted = ({ name }: Rule): boolean => names.includes(name);
  return [
    ...BEFORE_NAMES.filter(isWanted),
    assignmentRule(secretsOf(names)),
    ...BEHIND_NAMES.filter(isWanted),
  ];
}

/** What is known by its name. */
export function secretsOf(names: readonly RedactRule[]): NamedSecret[] {
  return NAMED_SECRETS.filter(({ rule }) => names.includes(rule));
}
