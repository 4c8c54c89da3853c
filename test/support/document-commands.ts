/** The commands that stand in the documents: in blocks, and in sentences and tables as code. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './project.js';

export interface Fence {
  readonly page: string;
  /** Why it is not run: `<!-- not run: needs systemd -->` in the line before it. Undefined: it is. */
  readonly reason: string | undefined;
  /** Empty: none. */
  readonly language: string;
  readonly text: string;
}

export interface Span {
  readonly page: string;
  readonly command: string;
}

/** What people type begins so; `node` or `docker` alone are no commands. */
const COMMAND =
  /^(?:\$ |sudo |docker |npm |npx |kubectl |curl |node |systemctl |journalctl |promtool |bench |log-capturer )/;
const FENCE = /(?:^ *<!-- not run: (.+?) -->\n)?^( *)```(\w*)\n([\s\S]*?)^\2```$/gm;

const pages = pagesOf(['docs', 'deploy']).map((page) => ({
  page,
  text: readFileSync(path.join(projectRoot(), page), 'utf8'),
}));

export const fences: readonly Fence[] = pages.flatMap(({ page, text }) =>
  [...text.matchAll(FENCE)].map(([, reason, indent, language, inside]) => ({
    page,
    reason,
    language,
    text: inside.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  })),
);

export const spans: readonly Span[] = pages.flatMap(({ page, text }) =>
  [...text.replaceAll(FENCE, '').matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => {
    // In a table.
    const command = code.replaceAll('\\|', '|');
    return isCommand(command) ? [{ page, command }] : [];
  }),
);

/** Lines that are shown as code because they are indented. */
export const indented: readonly Span[] = pages.flatMap(({ page, text }) =>
  [...text.replaceAll(FENCE, '').matchAll(/^ {4,}(\S.*)$/gm)].flatMap(([, command]) =>
    isCommand(command) ? [{ page, command }] : [],
  ),
);

export function isCommand(text: string): boolean {
  return COMMAND.test(text);
}

/** Lines that end with a backslash go on in the next one. */
export function commandsIn(text: string): string[] {
  return text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function pagesOf(folders: readonly string[]): string[] {
  const inFolders = folders.flatMap((folder) =>
    readdirSync(path.join(projectRoot(), folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => path.join(folder, name)),
  );
  return ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', ...inFolders];
}
