/**
 * `${VAR}` and `${VAR:-default}` in text, as a shell reads them: the default is taken where VAR is unset or empty.
 * `$${` is a literal `${`.
 */
const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;
const CONTENT = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

export interface Substituted {
  readonly text: string;
  /** What is wrong with the first bad reference. */
  readonly problem?: string;
}

export function substitute(text: string, env: NodeJS.ProcessEnv): Substituted {
  let problem: string | undefined;
  const result = text.replace(REFERENCE, (_whole, content: string | undefined, end: string | undefined) => {
    if (content === undefined) return '${';
    const match = end === '}' ? CONTENT.exec(content) : null;
    if (!match) {
      // Not quoted: it may be part of a password.
      problem ??=
        '${ begins no reference to a variable here; write ${NAME}, ${NAME:-default}, or $${ for a plain ${';
      return '';
    }
    const [, name, fallback] = match;
    const value = env[name];
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
    if (value === undefined) {
      problem ??= `the environment variable ${name} is not set; set it, or give a default: \${${name}:-default}`;
    }
    return value ?? '';
  });
  return problem === undefined ? { text: result } : { text: result, problem };
}
