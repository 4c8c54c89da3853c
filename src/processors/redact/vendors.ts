/** Secrets of some services whose mark does not stand at their beginning. */
import { ALNUM, DASH, DIGIT, DOT, hasAt, isKind, isWordStart, runEnd, runStart } from './bytes.js';
import { DIGITS, type Finding, type Rule } from './rule.js';

const HOOK = 'hooks.slack.com/';
const KINDS_OF_HOOK = ['services/', 'workflows/', 'triggers/'];
const LEAST_PATH = 20;

/** Whoever knows the URL of an incoming webhook may write to the channel: `https://hooks.slack.com/services/T…/B…/…`. */
export const SLACK_HOOK: Rule = {
  name: 'slack',
  places: [{ before: 'k', first: 's', second: '.' }],
  find(data, at, start, end, found: Finding) {
    const path = at - 5 + HOOK.length;
    if (at - 5 < start || !hasAt(data, at - 5, end, HOOK)) return false;
    const kind = KINDS_OF_HOOK.find((kind) => hasAt(data, path, end, kind));
    if (kind === undefined) return false;
    const from = path + kind.length;
    let to = from;
    while (to < end && (isKind(data[to], ALNUM | DASH) || data[to] === 0x2f)) to++;
    if (to - from < LEAST_PATH) return false;
    found.from = from;
    found.to = to;
    return true;
  },
};

/** Secrets of applications in Azure's directory: three characters, a digit, `Q~`, and 31 to 34 more. */
export const AZURE_SECRET: Rule = {
  name: 'azure',
  places: [{ before: DIGITS, first: 'Q', second: '~' }],
  find(data, at, start, end, found: Finding) {
    const from = runStart(data, Math.max(start, at - 5), at - 1, ALNUM | DASH | DOT);
    if (at - 1 - from !== 4 || !isKind(data[at - 2], DIGIT) || !isWordStart(data, from, start)) return false;
    const to = runEnd(data, at + 1, Math.min(end, at + 36), ALNUM | DASH | DOT);
    const length = to - at - 1;
    if (length < 31 || length > 34) return false;
    found.from = from;
    found.to = to;
    return true;
  },
};
