// A listener that nobody removes from the signal of a scope, with the controller that it keeps.
import { rootScope } from './root-scope.mjs';
import { leakAtRotation } from './rotation.mjs';

void rootScope.then((scope) =>
  leakAtRotation(() => {
    const controller = new AbortController();
    scope.closing.addEventListener('abort', () => controller.abort());
  }),
);
