/** Questions to the agent. Addresses are relative to the page, so that they hold under any base path. */

/** What the agent refused, or why it could not be asked. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** As docs/errors.md lists them; UNREACHABLE where there was no answer. */
  readonly code: string;
  /** What to do about it, where the agent says so. */
  readonly remedy: string | undefined;
  /** The character of the query that it is about, from 1. */
  readonly at: number | undefined;
  /** HTTP's; 0 where there was no answer. */
  readonly status: number;

  constructor(told: { code: string; message: string; remedy?: string; at?: number }, status: number) {
    super(told.message);
    this.code = told.code;
    this.remedy = told.remedy;
    this.at = told.at;
    this.status = status;
  }
}

export type ApiParams = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface AskOptions {
  readonly params?: ApiParams;
  readonly signal?: AbortSignal | undefined;
}

/** GET as JSON. Throws an ApiError, or the signal's AbortError. */
export function getJson<T>(path: string, options: AskOptions = {}): Promise<T> {
  return ask(path, options, {}).then((response) => response.json() as Promise<T>);
}

/** POST, PUT or DELETE with a JSON body; a string is sent as `type`. Answers undefined where there is no content. */
export async function send<T>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
  { type = 'application/json', ...options }: AskOptions & { readonly type?: string } = {},
): Promise<T> {
  const content = body === undefined ? {} : { headers: { 'content-type': type }, body: textOf(body) };
  const response = await ask(path, options, { method, ...content });
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** The response where it is a good one. */
export async function ask(
  path: string,
  { params, signal }: AskOptions,
  init: RequestInit,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(apiUrl(path, params), { ...init, ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(
      { code: 'UNREACHABLE', message: 'The agent does not answer.', remedy: 'Is it still running?' },
      0,
    );
  }
  if (response.ok) return response;
  // The login is over: the agent answers the page itself with its form.
  if (response.status === 401) location.reload();
  throw await refusal(response);
}

async function refusal(response: Response): Promise<ApiError> {
  try {
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    return new ApiError(error, response.status);
  } catch {
    const message = `Something answered ${response.status} that is not the agent.`;
    return new ApiError(
      { code: 'UNREACHABLE', message, remedy: 'Look at the proxy in between.' },
      response.status,
    );
  }
}

/** For `<a download>` too. */
export function apiUrl(path: string, params: ApiParams = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) query.append(name, String(one));
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}
