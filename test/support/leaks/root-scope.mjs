// The first scope that the agent makes, as a promise: this is loaded before the agent is.
import { register } from 'node:module';

register(new URL('modules-hook.mjs', import.meta.url));
const { Scope } = await import(new URL('runtime/scope.js', `file://${process.argv[1]}`));
const { root } = Scope;

export const rootScope = new Promise((resolve) => {
  Scope.root = (...parts) => {
    Scope.root = root;
    const scope = root.apply(Scope, parts);
    resolve(scope);
    return scope;
  };
});
