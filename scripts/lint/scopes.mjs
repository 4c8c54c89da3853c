/**
 * A rule for oxlint: what lives on by itself is opened in src/runtime/ only, where a scope owns it. It finds timers, watches,
 * outgoing connections, workers, programs, whatever is made to be overlooked by unref(), and listeners on a scope's signals, those
 * too that AbortSignal.any() leaves there.
 *
 * setImmediate is free: it is over with the turn. Servers are free: they are opened where they are owned.
 * Exceptions (.oxlintrc.json): the page, which lives in a browser; commands that ask one thing and end with the process;
 * the soak's proxy, whose server is owned with all of its connections; the self-tests' agent and keeper, which end by
 * themselves when their parent is gone.
 */
const TIMERS = ['setTimeout', 'setInterval'];
const CONNECTS = ['connect', 'createConnection'];
const REQUESTS = ['request', 'get'];

/** Functions of Node.js that open something, by module. */
const OPENERS = new Map([
  ['child_process', ['spawn', 'exec', 'execFile', 'fork']],
  ['fs', ['watch', 'watchFile']],
  ['fs/promises', ['watch']],
  ['http', REQUESTS],
  ['https', REQUESTS],
  ['net', CONNECTS],
  ['tls', CONNECTS],
  ['timers', TIMERS],
  ['timers/promises', TIMERS],
]);
const SIGNALS = ['closing', 'aborted'];

const REMEDY = {
  timer: 'Use timeout, interval or sleep of a scope, or within.',
  opener: 'Use what src/runtime/ has for it: watchPath, openRequest, startProgram, …',
  worker: 'Use startWorker.',
  unref: 'Let a scope own it, which ends it.',
  listener: 'Use onClosing, onAborted or untilClosing of the scope.',
};

const owned = {
  create(context) {
    const report = (node, what, kind) =>
      context.report({ node, message: `${what}: no scope owns it. ${REMEDY[kind]}` });
    /** Names under which whole modules are known here, with what is not to be used of each. */
    const modules = new Map();
    return {
      ImportDeclaration(node) {
        const opens = OPENERS.get(node.source.value.replace(/^node:/, ''));
        if (!opens || node.importKind === 'type') return;
        for (const specifier of node.specifiers) {
          if (specifier.type !== 'ImportSpecifier') modules.set(specifier.local.name, opens);
          else if (specifier.importKind !== 'type' && opens.includes(nameOf(specifier.imported)))
            report(specifier, nameOf(specifier.imported), 'opener');
        }
      },
      Identifier(node) {
        if (TIMERS.includes(node.name) && isFreeName(node)) report(node, node.name, 'timer');
      },
      CallExpression({ callee }) {
        if (callee.type === 'Identifier' && callee.name === 'fetch') report(callee, 'fetch', 'opener');
      },
      NewExpression({ callee }) {
        if (nameOf(callee) === 'Worker') report(callee, 'new Worker', 'worker');
      },
      MemberExpression(node) {
        const { object, property } = node;
        const name = nameOf(property);
        if (modules.get(object.name)?.includes(name)) report(node, `${object.name}.${name}`, 'opener');
        if (object.name === 'globalThis' && TIMERS.includes(name)) report(node, name, 'timer');
        if (object.name === 'AbortSignal' && name === 'timeout') report(node, 'AbortSignal.timeout', 'timer');
        if (object.name === 'AbortSignal' && name === 'any') report(node, 'AbortSignal.any', 'listener');
        if (name === 'unref') report(node, 'unref', 'unref');
        if (name === 'addEventListener' && SIGNALS.includes(nameOf(object)))
          report(node, `a listener on ${nameOf(object)}`, 'listener');
      },
    };
  },
};

/** Of an identifier, a member (the last name), or a name in quotes. */
function nameOf(node) {
  if (node.type === 'MemberExpression') return nameOf(node.property);
  return node.type === 'Literal' ? node.value : node.name;
}

/** Not the name of somebody's member or of an import, which are seen to elsewhere. */
function isFreeName({ parent, start }) {
  if (parent.type === 'ImportSpecifier') return false;
  if (parent.type === 'MemberExpression') return parent.computed || parent.object.start === start;
  const isKey = ['Property', 'PropertyDefinition', 'MethodDefinition'].includes(parent.type);
  return !isKey || parent.computed || parent.value.start === start;
}

export default { meta: { name: 'scopes' }, rules: { owned } };
