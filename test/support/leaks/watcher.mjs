// A watcher that nobody closes.
import { watch } from 'node:fs';
import { leakAtRotation } from './rotation.mjs';

leakAtRotation(() => watch(import.meta.dirname, () => undefined));
