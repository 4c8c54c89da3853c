/**
 * HTML and SVG that cannot be broken out of: what is put into a template is escaped, unless it is markup itself.
 * Names of containers, texts of errors and the like are written by anybody.
 */
import { terminalText } from '../../cli/terminal-text.js';

export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | undefined | readonly Part[];

/** A tagged template. Lists are put one after the other; undefined is nothing. */
export function markup(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(texts.reduce((all, text, i) => all + rendered(parts[i - 1]) + text));
}

function rendered(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(rendered).join('');
  return escaped(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Also without control characters, which no page may hold, and those that turn the direction of writing. */
function escaped(text: string): string {
  return terminalText(text.toWellFormed(), false).replaceAll(/[&<>"']/g, (character) => ENTITIES[character]);
}
