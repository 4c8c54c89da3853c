// A timer that nobody clears.
import { leakAtRotation } from './rotation.mjs';

leakAtRotation(() => setInterval(() => undefined, 2 ** 30));
