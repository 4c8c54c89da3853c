// A task in a scope that never settles: a reader that does not end. It does when the agent is told to stop, which would
// wait for it in vain otherwise.
import { rootScope } from './root-scope.mjs';
import { leakAtRotation } from './rotation.mjs';

const stopped = new Promise((resolve) => {
  process.once('SIGTERM', resolve);
});
void rootScope.then((scope) => leakAtRotation(() => scope.run('endless reader', () => stopped)));
