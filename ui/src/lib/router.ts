/** Where the window is: `#/<page>?<parameters>`. The address is the state, so that it can be sent to somebody. */
import { signal } from '@preact/signals';

export interface Route {
  /** The first part of the path; `live` where there is none. */
  readonly page: string;
  readonly params: URLSearchParams;
}

/** Undefined and empty values are left out. */
export type Params = Readonly<Record<string, string | readonly string[] | undefined>>;

const HOME = 'live';

export const route = signal<Route>(parseHash(globalThis.location?.hash ?? ''));

/** What follows when the address changes, by whoever changed it. Called once, by the shell. */
export function followAddress(): () => void {
  const follow = (): void => {
    route.value = parseHash(location.hash);
  };
  addEventListener('hashchange', follow);
  return () => removeEventListener('hashchange', follow);
}

export function parseHash(hash: string): Route {
  const [path = '', query = ''] = split(hash.replace(/^#\/?/, ''));
  return { page: path === '' ? HOME : path, params: new URLSearchParams(query) };
}

function split(text: string): string[] {
  const at = text.indexOf('?');
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** The address of a page, for `<a href>`. */
export function href(page: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of typeof value === 'string' ? [value] : (value ?? []))
      if (one !== '') query.append(name, one);
  }
  const text = query.toString();
  return text === '' ? `#/${page}` : `#/${page}?${text}`;
}

/** Goes there; `replace` leaves no step for the browser's Back. */
export function navigate(page: string, params: Params = {}, { replace = false } = {}): void {
  const to = href(page, params);
  if (to === location.hash) return;
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  route.value = parseHash(to);
}
