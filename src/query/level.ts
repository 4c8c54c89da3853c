/**
 * The level of a line, found when it is read, under the names that Loki gives it as `detected_level`. In this order:
 *
 *   JSON        {"level":"error",…}: the first field of the outermost object that tells it; also numbers
 *   syslog      <11>… at the beginning: the priority's severity
 *   glog        I1122 12:00:00.000 and [W 221122 12:00:00
 *   redis       1:M 22 Nov 2026 12:00:00.000 # …
 *   a field     level=warn, lvl=…, severity: …, "level":"warn"
 *   a word      ERROR in capitals and by itself; in any case in [brackets], before a colon, between tabs
 *
 * Of the last two the first counts that stands near the beginning (HEAD_BYTES), and not inside key="…". Colours are passed
 * over. A line that says nothing is `unknown`. Names: level-names.ts. It makes no string and no object.
 */
import { isDigit, pastColours } from './ascii.js';
import { levelOfHead } from './level-head.js';
import { levelOfJson } from './level-json.js';
import { type Level, levelOfSeverity } from './level-names.js';

/** How much is looked at of a line, and of one that is JSON. */
const HEAD_BYTES = 256;
const JSON_BYTES = 16 * 1024;

const [TAB, SPACE, LESS, GREATER, OPEN, BRACE, COLON] = Buffer.from('\t <>[{:');
const GLOG: Readonly<Record<number, Level>> = letters(
  'I',
  'info',
  'W',
  'warn',
  'E',
  'error',
  'F',
  'critical',
  'D',
  'debug',
);
const REDIS: Readonly<Record<number, Level>> = letters('.', 'debug', '-', 'debug', '*', 'info', '#', 'warn');
const REDIS_ROLES = new Set(Buffer.from('MSCX'));
/** Between a role and the mark. */
const REDIS_TIME_BYTES = ' 22 Nov 2026 12:00:00.000 '.length;

function letters(...pairs: string[]): Record<number, Level> {
  const levels: Record<number, Level> = {};
  for (let i = 0; i < pairs.length; i += 2) levels[pairs[i].charCodeAt(0)] = pairs[i + 1] as Level;
  return levels;
}

/** Of the line data[start .. end). */
export function levelOf(data: Buffer, start: number, end: number): Level {
  let at = pastColours(data, start, end);
  while (at < end && (data[at] === SPACE || data[at] === TAB)) at = pastColours(data, at + 1, end);
  if (at >= end) return 'unknown';
  if (data[at] === BRACE) {
    const level = levelOfJson(data, at, Math.min(end, at + JSON_BYTES));
    if (level !== 'unknown') return level;
  }
  return prefixLevel(data, at, end) ?? levelOfHead(data, at, Math.min(end, at + HEAD_BYTES), end);
}

/** What one letter or number at the very beginning tells. */
function prefixLevel(data: Buffer, at: number, end: number): Level | undefined {
  const first = data[at];
  if (first === LESS) return syslogLevel(data, at + 1, end);
  if (isDigit(first)) return redisLevel(data, at, end);
  if (first === OPEN && data[at + 2] === SPACE && isDigit(data[at + 3]) && at + 3 < end)
    return GLOG[data[at + 1]];
  const hasDate = at + 6 < end && isDigit(data[at + 1]) && isDigit(data[at + 4]) && data[at + 5] === SPACE;
  return hasDate && isDigit(data[at + 6]) ? GLOG[first] : undefined;
}

function syslogLevel(data: Buffer, at: number, end: number): Level | undefined {
  let priority = 0;
  let to = at;
  for (; to < end && to < at + 3 && isDigit(data[to]); to++) priority = priority * 10 + data[to] - 0x30;
  return to > at && to < end && data[to] === GREATER && priority < 192
    ? levelOfSeverity(priority % 8)
    : undefined;
}

function redisLevel(data: Buffer, at: number, end: number): Level | undefined {
  while (at < end && isDigit(data[at])) at++;
  const mark = at + 2 + REDIS_TIME_BYTES;
  const isRedis =
    data[at] === COLON &&
    REDIS_ROLES.has(data[at + 1]) &&
    data[mark - 1] === SPACE &&
    data[mark + 1] === SPACE;
  return isRedis && mark + 1 < end ? REDIS[data[mark]] : undefined;
}
