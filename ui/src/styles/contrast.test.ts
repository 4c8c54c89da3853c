import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const SCHEMES = ['light', 'dark'] as const;
const AA = 4.5;
/** What lines and words stand on. */
const GROUNDS = ['ground', 'surface', 'raised', 'hover', 'selected', 'accent-ground'];
const WORDS = ['text', 'quiet', 'faint', 'accent', 'good', 'warn', 'bad', 'info'];
/** Grounds of their own, with what stands on them. */
const PAIRS = [
  ['on-accent', 'accent'],
  ['on-mark', 'mark'],
  ['good', 'good-ground'],
  ['warn', 'warn-ground'],
  ['bad', 'bad-ground'],
  ['text', 'bad-ground'],
  ['text', 'warn-ground'],
  ['text', 'good-ground'],
  ['text', 'sunken'],
  ['quiet', 'sunken'],
] as const;

function read(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}

/** Names and both colours of what is `light-dark(#…, #…)`. */
function colors(css: string, form: RegExp): Map<string, readonly [string, string]> {
  return new Map(Array.from(css.matchAll(form), ([, name, light, dark]) => [name, [light, dark] as const]));
}

const tokens = colors(read('tokens.css'), /--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g);
const terminal = colors(read('ansi.css'), /\.(ansi-[\w-]+) \{\s+color: light-dark\((#\w{6}), (#\w{6})\)/g);

/** WCAG 2's, from 1 to 21. */
function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describe.each(SCHEMES)('%s: what is written can be read', (scheme) => {
  const at = SCHEMES.indexOf(scheme);
  const color = (name: string): string => {
    const pair = tokens.get(name) ?? terminal.get(name);
    if (!pair) throw new Error(`There is no colour ${name}.`);
    return pair[at];
  };
  const hues = [...tokens.keys()].filter((name) => name.startsWith('hue-'));
  const all = [...WORDS, ...hues, ...terminal.keys()].flatMap((word) =>
    GROUNDS.map((ground) => [word, ground] as const),
  );

  it('words, names and colours of terminals on all grounds', () => {
    expect(terminal.size).toBe(16);
    expect(hues).toHaveLength(10);
    const bad = [...all, ...PAIRS]
      .map(([word, ground]) => ({ pair: `${word} on ${ground}`, is: contrast(color(word), color(ground)) }))
      .filter(({ is }) => is < AA)
      .map(({ pair, is }) => `${pair}: ${is.toFixed(2)}`);
    expect(bad).toEqual([]);
  });
});
