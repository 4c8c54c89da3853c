/** One of the ten hues of the tokens for a name: the same everywhere, and again tomorrow. */
const HUES = 10;

/** 0 to 9; classes `hue-0` to `hue-9` have it as colour of text. */
export function hueOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) % HUES;
}
