/** The grammars that need no configuration. */
import type { MultilineLanguage } from '../../../config/processor-types.js';
import type { Grammar } from '../grammar.js';
import { dotnet } from './dotnet.js';
import { go } from './go.js';
import { java } from './java.js';
import { node } from './node.js';
import { php } from './php.js';
import { python } from './python.js';
import { ruby } from './ruby.js';
import { rust } from './rust.js';

export const GRAMMARS: Readonly<Record<MultilineLanguage, Grammar>> = {
  java,
  python,
  go,
  node,
  dotnet,
  ruby,
  php,
  rust,
};
