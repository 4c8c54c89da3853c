/** Addresses of servers as configurations give them. */
import { AgentError } from '../../runtime/errors.js';

/** Throws CONFIG_INVALID, which quotes nothing of `text`: there may be a password in it. */
export function serverUrl(text: string, who: string, example: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new AgentError('CONFIG_INVALID', `The url of the ${who} sink is no http or https address.`, {
    remedy: `Write it like ${example}.`,
  });
}

/** The endpoint at `path` of the server, or `url` itself where it already names that. */
export function endpointOf(url: URL, path: string): URL {
  if (!url.pathname.endsWith(path)) url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
  return url;
}
