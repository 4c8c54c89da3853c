// A timer that nobody clears and that does not keep the process alive: the system does not tell of it.
import { leakAtRotation } from './rotation.mjs';

leakAtRotation(() => setInterval(() => undefined, 2 ** 30).unref());
