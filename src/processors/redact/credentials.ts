/** Which names stand for secrets, and what of their values is one. */
import type { RedactRule } from '../../config/processor-types.js';
import type { NamedSecret } from './assignment.js';
import {
  ALNUM,
  DASH,
  DIGIT,
  DOT,
  hasFoldedAt,
  isKind,
  KINDS,
  LETTER,
  LOWER,
  PERCENT,
  PLUS,
  runEnd,
  UPPER,
} from './bytes.js';
import { isPlaceholder } from './placeholder.js';

type Accepts = NamedSecret['accepts'];

const EQUALS = 0x3d;
const LEAST_RANDOM = 8;
const LEAST_LETTERS = 20;
const LEAST_SIGNATURE = 40;
const AWS_SECRET = 40;
const LEAST_SESSION = 48;

/** Whatever a person may choose: anything but what stands for nothing, and in prose no plain word. */
const anything: Accepts = (data, from, to, form) =>
  !isPlaceholder(data, from, to) && (form === 'strong' || !isPlainWord(data, from, to));

/** Made by a machine: long, and no word and no number. */
const random: Accepts = (data, from, to) => looksRandom(data, from, to) && !isPlaceholder(data, from, to);

/** Passwords but the results of tests: `pass=12`, `pass: 3/4`. */
const notCounted: Accepts = (data, from, to, form, key) =>
  !isOf(data, from, to, isDigitOrSlash) && anything(data, from, to, form, key);

/** Passwords but the shell's working directory. */
const notPath: Accepts = (data, from, to, form, key) =>
  data[from] !== 0x2f && anything(data, from, to, form, key);

/** Of tokens those that name a page or stand for a wish to stop are none. */
const NO_SECRETS = ['next', 'page', 'continuation', 'continue', 'cancellation', 'sync', 'resume'];
const token: Accepts = (data, from, to, form, key) =>
  random(data, from, to, form, key) && !NO_SECRETS.some((word) => hasFoldedAt(data, key, from, word));

const base64: Accepts = (data, from, to) => isOf(data, from, to, isBase64) && to - from >= LEAST_SIGNATURE;
const signature: Accepts = (data, from, to) =>
  isOf(data, from, to, isEscapedBase64) && to - from >= LEAST_SIGNATURE;
const awsKey: Accepts = (data, from, to) => isOf(data, from, to, isBase64) && to - from === AWS_SECRET;
const awsToken: Accepts = (data, from, to) =>
  isOf(data, from, to, isEscapedBase64) && to - from >= LEAST_SESSION;

const named = (
  rule: RedactRule,
  accepts: NamedSecret['accepts'],
  ...names: readonly string[]
): NamedSecret[] => names.map((name) => ({ rule, name, accepts }));

/** Of those that a name ends in the first one counts. */
export const NAMED_SECRETS: readonly NamedSecret[] = [
  ...named('aws', random, 'secretaccesskey', 'awssecretkey'),
  ...named('aws', awsKey, 'awssecret'),
  ...named('aws', awsToken, 'sessiontoken', 'securitytoken'),
  ...named('azure', base64, 'accountkey', 'storagekey', 'sharedaccesskey'),
  { rule: 'azure', name: 'sig', isWord: true, accepts: signature },
  ...named('credentials', anything, 'password', 'passwd', 'passphrase', 'passwordconfirmation'),
  ...named(
    'credentials',
    anything,
    'clientsecret',
    'appsecret',
    'jwtsecret',
    'sharedsecret',
    'webhooksecret',
  ),
  ...named('credentials', notPath, 'pwd'),
  { rule: 'credentials', name: 'pass', isWord: true, accepts: notCounted },
  ...named('credentials', random, 'apikey', 'apisecret', 'secretkey', 'accesskey', 'authkey', 'signingkey'),
  ...named('credentials', random, 'encryptionkey', 'masterkey', 'privatekey', 'secret'),
  { rule: 'credentials', name: 'token', isWord: true, accepts: token },
];

/** Small letters, or one large and small ones, with a sign of a sentence behind. */
function isPlainWord(data: Uint8Array, from: number, to: number): boolean {
  const end = to - from > 1 && '.,:;!?'.includes(String.fromCharCode(data[to - 1])) ? to - 1 : to;
  return runEnd(data, from + 1, end, LOWER) === end && isKind(data[from], LOWER | UPPER);
}

function looksRandom(data: Uint8Array, from: number, to: number): boolean {
  if (to - from < LEAST_RANDOM) return false;
  let kinds = 0;
  for (let at = from; at < to; at++) {
    const kind = IN_RANDOM[data[at]];
    // A path, a call, or a list is none; and a sign of equality stands at the end alone.
    if (kind === 0 || (data[at] === EQUALS && at + 1 < to && data[at + 1] !== EQUALS)) return false;
    kinds |= kind;
  }
  if ((kinds & DIGIT) !== 0 && (kinds & LETTER) !== 0) return true;
  return to - from >= LEAST_LETTERS && (kinds & LETTER) === LETTER;
}

const IN_RANDOM = Uint8Array.from({ length: 256 }, (_, byte) =>
  isKind(byte, ALNUM | DASH | PLUS)
    ? KINDS[byte]
    : '.~!@$%^*:|'.includes(String.fromCharCode(byte))
      ? DOT
      : 0,
);

function isOf(data: Uint8Array, from: number, to: number, is: (byte: number) => boolean): boolean {
  for (let at = from; at < to; at++) if (!is(data[at])) return false;
  return true;
}

function isDigitOrSlash(byte: number): boolean {
  return isKind(byte, DIGIT) || byte === 0x2f;
}

function isBase64(byte: number): boolean {
  return isKind(byte, ALNUM | PLUS);
}

function isEscapedBase64(byte: number): boolean {
  return isKind(byte, ALNUM | PLUS | DASH) || byte === PERCENT;
}
