/**
 * Keys and tokens that say by their first letters whose they are. Issuers chose such prefixes so that programs can find
 * them; how many characters follow is as they document it, or as it is seen.
 */
import type { RedactRule } from '../../config/processor-types.js';
import { ALNUM, DASH, DIGIT, DOT, hasAt, isWordStart, runEnd, UPPER } from './bytes.js';
import type { Finding, Rule } from './rule.js';

interface Form {
  readonly rule: RedactRule;
  readonly prefix: string;
  /** Of what kinds the bytes behind the prefix are. */
  readonly of: number;
  /** How many there are. */
  readonly least: number;
  readonly most: number;
}

const URL_SAFE = ALNUM | DASH;
/** Longer tokens than any of today. */
const LONG = 4096;

const form = (rule: RedactRule, prefix: string, of: number, least: number, most = LONG): Form => ({
  rule,
  prefix,
  of,
  least,
  most,
});

const FORMS: readonly Form[] = [
  // Ids of access keys: long-lived, of sessions, and of what Bedrock and others derive.
  ...['AKIA', 'ASIA', 'ABIA', 'ACCA'].map((prefix) => form('aws', prefix, UPPER | DIGIT, 16, 16)),
  form('gcp', 'AIza', URL_SAFE, 35, 35),
  form('gcp', 'ya29.', URL_SAFE | DOT, 20),
  form('gcp', 'GOCSPX-', URL_SAFE, 28, 28),
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((prefix) => form('github', prefix, ALNUM, 36)),
  form('github', 'github_pat_', URL_SAFE, 60),
  ...['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glft-', 'glsoat-', 'glcbt-', 'glimt-', 'glagent-'].map(
    (prefix) => form('gitlab', prefix, URL_SAFE | DOT, 20),
  ),
  ...['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xoxe.xoxp-', 'xoxe.xoxb-', 'xapp-'].map(
    (prefix) => form('slack', prefix, URL_SAFE, 20),
  ),
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'].map((prefix) => form('stripe', prefix, ALNUM, 16)),
  form('stripe', 'whsec_', ALNUM, 24),
  form('npm', 'npm_', ALNUM, 36, 36),
  form('pypi', 'pypi-AgE', URL_SAFE, 40),
  form('api_key', 'sk-ant-', URL_SAFE, 24),
  form('api_key', 'sk-proj-', URL_SAFE, 24),
  form('api_key', 'hf_', ALNUM, 30),
  form('api_key', 'hvs.', URL_SAFE, 24),
  form('api_key', 'dop_v1_', ALNUM, 64, 64),
  form('api_key', 'shpat_', ALNUM, 32, 32),
  form('api_key', 'SG.', URL_SAFE | DOT, 60),
  form('api_key', 'AGE-SECRET-KEY-', UPPER | DIGIT, 50),
];

/** A rule each, asked where the last three bytes of its prefix stand: these are rarer than the first ones. */
export const TOKEN_RULES: readonly Rule[] = FORMS.map(({ rule, prefix, of, least, most }) => ({
  name: rule,
  places: [
    {
      before: prefix[prefix.length - 3],
      first: prefix[prefix.length - 2],
      second: prefix[prefix.length - 1],
    },
  ],
  find(data: Uint8Array, at: number, start: number, end: number, found: Finding): boolean {
    const from = at + 1 - prefix.length;
    if (from < start || !hasAt(data, from, end, prefix) || !isWordStart(data, from, start)) return false;
    const to = runEnd(data, at + 1, Math.min(end, at + 2 + most), of);
    const length = to - at - 1;
    if (length < least || (length > most && most < LONG) || isOneByte(data, at + 1, to)) return false;
    found.from = from;
    found.to = to;
    return true;
  },
}));

/** As in documents: `AKIAXXXXXXXXXXXXXXXX`. */
function isOneByte(data: Uint8Array, from: number, to: number): boolean {
  for (let at = from + 1; at < to; at++) if (data[at] !== data[from]) return false;
  return true;
}
