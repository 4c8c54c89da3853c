/**
 * Who is let in where a login is required: who shows the token, as `Authorization: Bearer <token>`, or a cookie that was
 * given for it. The cookie is a keyed hash, which outlives restarts, ends with the token, and does not tell it. Secrets are
 * compared by their hashes, in constant time.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import { Attempts } from './attempts.js';

const COOKIE_SECONDS = 30 * 86_400;
/** A token as long as this is found by nobody, however often he may try. */
const UNGUESSABLE_LENGTH = 20;

export type Verdict = 'in' | 'anonymous' | 'wrong' | { readonly waitSeconds: number };

/** Where the cookie goes. */
export interface CookieReach {
  /** As the configuration has it. */
  readonly basePath: string;
  /** Over TLS only. */
  readonly isSecure: boolean;
}

export interface Caller {
  readonly address: string;
  readonly cookie: string | undefined;
  readonly authorization: string | undefined;
}

export class Login {
  readonly #tokenHash: Buffer;
  readonly #session: string;
  readonly #sessionHash: Buffer;
  /** Cookies know no ports: each agent on a host has a name of its own. */
  readonly #cookieName: string;
  readonly #attempts: Attempts;
  readonly #isGuessable: boolean;
  readonly #reach: CookieReach;

  constructor(token: string, reach: CookieReach, now?: () => number) {
    this.#reach = reach;
    this.#isGuessable = token.length < UNGUESSABLE_LENGTH;
    this.#tokenHash = hash(token);
    this.#session = createHmac('sha256', token).update('log-capturer session').digest('base64url');
    this.#sessionHash = hash(this.#session);
    this.#cookieName = `log-capturer-${this.#sessionHash.toString('hex', 0, 4)}`;
    this.#attempts = new Attempts(now);
  }

  /** Judges a request by its headers. */
  judge({ address, cookie, authorization }: Caller): Verdict {
    const session = cookie === undefined ? undefined : parseCookie(cookie)[this.#cookieName];
    if (session !== undefined && timingSafeEqual(hash(session), this.#sessionHash)) return 'in';
    const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    return bearer === undefined ? 'anonymous' : this.judgeToken(bearer, address);
  }

  /**
   * Judges a token that somebody at `address` shows. After ten wrong ones a minute the address waits. Where nobody could
   * guess it the right one counts all the same: many share an address behind a proxy, and no guesses of others may shut
   * them out. Who is logged in stays so in any case.
   */
  judgeToken(token: string, address: string): Exclude<Verdict, 'anonymous'> {
    const waitSeconds = this.#attempts.waitSeconds(address);
    if (waitSeconds > 0 && this.#isGuessable) return { waitSeconds };
    if (timingSafeEqual(hash(token), this.#tokenHash)) return 'in';
    if (waitSeconds > 0) return { waitSeconds };
    this.#attempts.wrong(address);
    return 'wrong';
  }

  /** The Set-Cookie header for who showed the token. */
  get setCookie(): string {
    return stringifySetCookie({
      name: this.#cookieName,
      value: this.#session,
      httpOnly: true,
      sameSite: 'strict',
      secure: this.#reach.isSecure,
      path: this.#reach.basePath || '/',
      maxAge: COOKIE_SECONDS,
    });
  }
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
