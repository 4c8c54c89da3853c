// A file that nobody closes.
import { openSync } from 'node:fs';
import { leakAtRotation } from './rotation.mjs';

leakAtRotation(() => openSync(import.meta.filename));
