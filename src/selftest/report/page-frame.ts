/** What is around a report's page: head, style, verdict, title and the command that it came of. */

import { type Markup, markup } from './markup.js';
import { STYLE } from './style.js';
import { VERDICT_WORDS } from './verdicts.js';

export interface PageFacts {
  /** Undefined while it runs: the page reloads itself. */
  readonly passed: boolean | undefined;
  readonly title: string;
  readonly command: string;
}

/** A whole document that needs nothing else: no script, no request. */
export function pageFrame({ passed, title, command }: PageFacts, body: Markup): string {
  const verdict = passed === undefined ? 'running' : passed ? 'pass' : 'fail';
  const refresh = markup`<meta http-equiv="refresh" content="60">`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
${verdict === 'running' ? refresh : undefined}
<title>${`${verdict.toUpperCase()} · ${title.toLowerCase()}`}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<p class="verdict ${verdict}">${verdict === 'running' ? 'RUNNING' : VERDICT_WORDS[verdict]}</p>
<h1>${title}</h1>
<p class="command"><code>${command}</code></p>
</header>
${body}
</body>
</html>
`.text;
}
