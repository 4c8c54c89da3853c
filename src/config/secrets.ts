/** Values that are never shown, and addresses that may hold some. */
import { type Leaf, leaf } from './leaf.js';

export const HIDDEN = '<hidden>';

/** Goes into an HTTP header as it is: visible ASCII. */
const HEADER_VALUE = /^[\x21-\x7e]+$/;
// oxlint-disable-next-line no-control-regex
const NO_CONTROLS = /^[^\u0000-\u001f\u007f]+$/;
const WEB_ADDRESS = /^https?:\/\/[^\s\\#]+$/i;
const USERINFO = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#\\]*@/i;

/** A token that is sent as it is. */
export const token = (): Leaf<string> =>
  secret(
    'a token: letters, digits and signs of ASCII without spaces, in quotes where it looks like a number',
    HEADER_VALUE,
  );

export const password = (): Leaf<string> =>
  secret('text on one line, in quotes where it looks like a number', NO_CONTROLS);

/** An address that is a secret itself: whoever has it can write there. */
export const secretAddress = (): Leaf<string> =>
  secret('an address with http:// or https://, in quotes', WEB_ADDRESS, (value) => URL.canParse(value));

function secret(accepts: string, pattern: RegExp, isRight = (_value: string) => true): Leaf<string> {
  return leaf<string>(
    { accepts, json: { type: 'string', minLength: 1 }, role: 'secret' },
    (value) => {
      if (typeof value !== 'string') return undefined;
      refuseHidden(value, HIDDEN);
      return pattern.test(value) && isRight(value) ? value : undefined;
    },
    () => HIDDEN,
  );
}

/** What `check` prints is a configuration, but for the secrets. */
function refuseHidden(value: string, hidden: string): void {
  if (value.includes(hidden)) throw new SyntaxError(`${HIDDEN} is what is shown instead of a secret`);
}

/** An address of a server; user and password may stand in it. */
export function webAddress(example: string): Leaf<string> {
  const accepts = `an address with http:// or https:// and without ? or #, such as ${example}`;
  const json = { type: 'string', pattern: '^[hH][tT][tT][pP][sS]?://[^\\s?#]+$' };
  return leaf(
    { accepts, json },
    (value) => {
      if (!isWebAddress(value)) return undefined;
      refuseHidden(value, `//${HIDDEN}@`);
      return value;
    },
    withoutUserinfo,
  );
}

/** Any other address in which somebody might write a password. */
export const address = (accepts: string): Leaf<string> =>
  leaf(
    { accepts, json: { type: 'string', minLength: 1 } },
    (value) => (typeof value === 'string' && value.trim() !== '' ? value : undefined),
    withoutUserinfo,
  );

/** `http://user:password@host` → `http://<hidden>@host`; other text stays as it is. */
export function withoutUserinfo(url: string): string {
  return url.replace(USERINFO, `$1${HIDDEN}@`);
}

export function hasUserinfo(url: string): boolean {
  return USERINFO.test(url);
}

// What a parser of addresses would quietly repair (spaces, line ends, backslashes) is refused: others read it otherwise.
function isWebAddress(value: unknown): value is string {
  if (typeof value !== 'string' || !/^https?:\/\/[^\s\\?#]+$/i.test(value)) return false;
  return URL.canParse(value) && new URL(value).hostname !== '';
}
