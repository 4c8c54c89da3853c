/**
 * What another configuration would come to in place of the one at hand, and what is wrong with it.
 *
 * Values of the environment are the agent's secrets as much as its tokens are. A text that is judged may name any variable,
 * so what it brings in is hidden wherever it would be shown, unless the configuration at hand shows it already. The file on
 * the disk is its operator's own.
 */
import { AgentError } from '../runtime/errors.js';
import { changesBetween } from './changes.js';
import { isTree } from './document.js';
import { type ConfigRequest, type LoadedConfig, loadConfig } from './load.js';
import { ConfigError, type Places } from './problems.js';
import { configYaml, renderConfig, yamlOf } from './render.js';
import { HIDDEN } from './secrets.js';
import type { ConfigCheck, ConfigDifference, ConfigProblem } from './shape.js';
import type { Config } from './types.js';

/** Of a secret that is looked for within other text. */
const LEAST_PART = 4;

type Rendered = Readonly<Record<string, unknown>>;

export interface CheckGiven {
  /** Undefined: the file as it is now. */
  readonly text: string | undefined;
  /** As `present` was loaded with: the same flags and environment count for the text. */
  readonly request: ConfigRequest;
  readonly present: Config;
}

export function checkConfig({ text, request, present }: CheckGiven): ConfigCheck {
  let loaded: LoadedConfig;
  try {
    loaded = loadConfig(text === undefined ? request : { ...request, text });
  } catch (error) {
    return { ok: false, problems: problemsOf(error), effective: null, differs: [], changes: [] };
  }
  const now = renderConfig(present);
  const then = withoutVariables(renderConfig(loaded.config), text ?? '', request.env, configYaml(present));
  return {
    ok: true,
    problems: warningsOf(loaded),
    effective: yamlOf(then),
    differs: [...differences(now, then, [])],
    changes: changesBetween(present, loaded.config),
  };
}

/** Why a configuration could not be loaded. Throws what is not an AgentError. */
export function problemsOf(error: unknown): ConfigProblem[] {
  if (error instanceof ConfigError) {
    return error.problems.map(({ place: { label, line, column }, message }) => {
      const isInText = line > 0;
      const said = isInText || label === 'configuration' ? message : `${label}: ${message}`;
      return problem('error', isInText ? { line, column } : undefined, said);
    });
  }
  if (!(error instanceof AgentError)) throw error;
  return [{ ...problem('error', undefined, error.message), remedy: error.remedy ?? null }];
}

/** What of an accepted configuration looks like a mistake. */
export function warningsOf({ warnings, places }: LoadedConfig): ConfigProblem[] {
  return warnings.map((warning) => warningAt(warning, places));
}

function warningAt(warning: string, places: Places): ConfigProblem {
  const key = keyIn(warning);
  const place = key === '' ? undefined : places.value(key.split(/[.[\]]+/).filter((part) => part !== ''));
  return problem('warning', place && place.line > 0 ? place : undefined, warning);
}

function problem(
  severity: ConfigProblem['severity'],
  place: { readonly line: number; readonly column: number } | undefined,
  message: string,
): ConfigProblem {
  const [line, column] = place ? [place.line, place.column] : [null, null];
  return { severity, line, column, key: keyIn(message), message, remedy: null };
}

/** Sentences about a key begin with it: `sinks.loki.url: …`, `server.auth is …`. */
function keyIn(message: string): string {
  return /^[a-z_][\w[\]-]*(?:(?:\.[\w[\]-]+)+|(?=: ))/.exec(message)?.[0] ?? '';
}

/** What variables that `text` names bring in, and `shown` does not show, is hidden. */
function withoutVariables(rendered: Rendered, text: string, env: NodeJS.ProcessEnv, shown: string): Rendered {
  const names = [...text.matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)/g)].map(([, name]) => env[name] ?? '');
  const secrets = [...new Set(names)].filter((value) => value !== '' && !shown.includes(value));
  const hide = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(hide);
    if (isTree(value))
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, hide(part)]));
    return secrets.some((secret) => holds(String(value), secret)) ? HIDDEN : value;
  };
  return hide(rendered) as Rendered;
}

/** One of few letters is in everything. */
function holds(value: string, secret: string): boolean {
  return secret.length < LEAST_PART ? value === secret : value.includes(secret);
}

function* differences(now: unknown, then: unknown, path: readonly string[]): Generator<ConfigDifference> {
  if (isTree(now) && isTree(then)) {
    for (const key of new Set([...Object.keys(now), ...Object.keys(then)]))
      yield* differences(now[key], then[key], [...path, key]);
  } else if (JSON.stringify(now) !== JSON.stringify(then)) {
    yield { key: path.join('.'), now: now ?? null, then: then ?? null };
  }
}
