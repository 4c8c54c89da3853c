// The live page: shows what /api/v1/tail sends. Lines are hostile: they become text nodes and nothing else.
// @ts-check

const MAX_ROWS = 2000;
const FIRST_LINES = 500;
const COLORS = 8;
const STATUS_INTERVAL_MS = 5000;
const TYPING_PAUSE_MS = 300;

const ESCAPE = '\u001b';
// CSI, the strings (OSC and others) with their ends, two-character escapes; then other control characters but the tab.
const NOT_TEXT = new RegExp(
  [
    `${ESCAPE}\\[[0-?]*[ -/]*[@-~]`,
    `${ESCAPE}[\\]PX^_][^\\u0007${ESCAPE}]*(?:\\u0007|${ESCAPE}\\\\)?`,
    `${ESCAPE}[ -/]*[0-~]`,
    '((?!\\t)[\\p{Cc}\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069])',
  ].join('|'),
  'gu',
);

/** `gap`: the line says that lines are missing there, for this reason. @typedef {{ time: string, container: string, stream: string, gap?: string, line: string }} Line */
/** @typedef {{ state: string, reason: string }} ComponentHealth */
/** @typedef {{ status: string, components: Record<string, ComponentHealth>, build: { version: string, revision: string, digest: string } }} Health */
/** @typedef {{ name: string, state: string, transport: string, stats?: { state: string } }} Container */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const scroll = byId('scroll');
const lines = byId('lines');
const empty = byId('empty');
const connection = byId('connection');
const skippedNote = byId('skipped');
const pause = byId('pause');
const newest = byId('newest');
const container = /** @type {HTMLSelectElement} */ (byId('container'));
const filter = /** @type {HTMLInputElement} */ (byId('filter'));

/** @type {EventSource | undefined} */
let source;
/** Lines that came since the last frame, or while paused: never more than are shown. @type {Line[]} */
let waiting = [];
let isPaused = false;
let isDrawing = false;
let skipped = 0;
/** @type {Map<string, HTMLOptionElement>} */
const names = new Map();
let followsNewest = true;

function connect() {
  source?.close();
  reset();
  const query = new URLSearchParams({ n: String(FIRST_LINES) });
  if (container.value) query.append('container', container.value);
  if (filter.value) query.set('grep', filter.value);
  source = new EventSource(`api/v1/tail?${query}`);
  showConnection('waiting', 'connecting');
  source.addEventListener('open', () => {
    // Also after a lost connection: the first lines come again.
    reset();
    showConnection('live', 'live');
    void refreshStatus();
  });
  source.addEventListener('error', () => {
    showConnection('lost', 'the agent does not answer, trying again');
    if (source?.readyState === EventSource.CLOSED) setTimeout(connect, STATUS_INTERVAL_MS);
  });
  source.addEventListener('message', (event) => {
    const line = JSON.parse(event.data);
    addName(line.container);
    waiting.push(line);
    if (waiting.length > MAX_ROWS) waiting.splice(0, waiting.length - MAX_ROWS);
    if (isPaused) showPaused();
    else draw();
  });
  source.addEventListener('skipped', (event) => {
    skipped += JSON.parse(event.data).lines;
    skippedNote.textContent = `${skipped.toLocaleString()} lines not shown: they came too fast (nothing is lost)`;
    skippedNote.hidden = false;
  });
}

function reset() {
  waiting = [];
  skipped = 0;
  skippedNote.hidden = true;
  lines.replaceChildren();
  empty.hidden = false;
}

function draw() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    if (waiting.length === 0) return;
    const rows = document.createDocumentFragment();
    for (const line of waiting) rows.append(row(line));
    waiting = [];
    empty.hidden = true;
    lines.append(rows);
    while (lines.childElementCount > MAX_ROWS) lines.firstElementChild?.remove();
    if (followsNewest) scroll.scrollTop = scroll.scrollHeight;
  });
}

/** @param {Line} line */
function row(line) {
  const element = document.createElement('div');
  element.className = line.gap ? 'line gap' : line.stream === 'stderr' ? 'line stderr' : 'line';
  element.title = `${line.time} ${line.container} ${line.stream}`;
  element.append(
    cell('time', localTime(line.time)),
    cell(`name c${colorOf(line.container)}`, line.container),
    cell('text', clean(line.line)),
  );
  return element;
}

/** @param {string} className @param {string} text */
function cell(className, text) {
  const element = document.createElement('span');
  element.className = className;
  element.textContent = text;
  return element;
}

/** @param {string} time */
function localTime(time) {
  const date = new Date(time);
  return `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** @param {string} name */
function colorOf(name) {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
  return Math.abs(hash) % COLORS;
}

/** Without terminal sequences; other control characters are made visible. @param {string} text */
function clean(text) {
  return text.replace(NOT_TEXT, (_, control) => (control === undefined ? '' : '\u00b7'));
}

/** @param {string} state @param {string} text */
function showConnection(state, text) {
  connection.dataset.state = state;
  connection.textContent = text;
}

function showPaused() {
  pause.textContent = waiting.length > 0 ? `Resume (${waiting.length.toLocaleString()})` : 'Resume';
}

async function refreshStatus() {
  try {
    const [health, list] = await Promise.all([getJson('health'), getJson('api/v1/containers')]);
    showHealth(health);
    showContainers(list.containers, health);
  } catch {
    byId('health').textContent = '';
  }
}

/** @param {string} url */
async function getJson(url) {
  const response = await fetch(url);
  // The login is over: the agent answers with the form.
  if (response.status === 401) location.reload();
  return response.json();
}

/** @param {Health} health */
function showHealth(health) {
  const reasons = reasonsOf(health);
  const element = byId('health');
  element.dataset.state = health.status;
  element.textContent = reasons.length === 0 ? health.status : reasons.join(' · ');
  byId('build').textContent = `${health.build.version} ${health.build.digest}`;
}

/** @param {Health} health */
function reasonsOf(health) {
  return Object.values(health.components)
    .filter(({ state, reason }) => state !== 'healthy' && reason !== '')
    .map(({ reason }) => reason);
}

/** @param {Container[]} all @param {Health} health */
function showContainers(all, health) {
  const captured = all.filter(({ transport }) => transport !== 'none');
  for (const { name, transport, stats } of captured) {
    addName(name);
    const option = names.get(name);
    const way = stats?.state === 'queued' ? 'API, waits for its turn' : 'API';
    if (option) option.text = transport === 'api' ? `${name} (${way})` : name;
  }
  const waitsFor =
    filter.value || container.value
      ? 'No line matches yet.'
      : captured.length > 0
        ? `Waiting for lines: ${captured.length} of ${all.length} containers are captured and silent so far.`
        : 'Waiting for containers: none is captured yet.';
  empty.textContent = [waitsFor, ...reasonsOf(health)].join('\n');
}

/** Containers are offered once they are listed or a line of theirs comes; not all sources list theirs. @param {string} name */
function addName(name) {
  if (names.has(name) || names.size >= MAX_ROWS) return;
  const option = new Option(name, name);
  names.set(name, option);
  const after = [...container.options].slice(1).find(({ value }) => value > name);
  container.insertBefore(option, after ?? null);
}

pause.addEventListener('click', () => {
  isPaused = !isPaused;
  pause.setAttribute('aria-pressed', String(isPaused));
  if (isPaused) {
    showPaused();
  } else {
    pause.textContent = 'Pause';
    draw();
  }
});
byId('clear').addEventListener('click', () => lines.replaceChildren());
container.addEventListener('change', connect);
let typing = 0;
filter.addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(connect, TYPING_PAUSE_MS);
});
scroll.addEventListener('scroll', () => {
  followsNewest = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
  newest.hidden = followsNewest;
});
newest.addEventListener('click', () => {
  scroll.scrollTop = scroll.scrollHeight;
});

connect();
setInterval(() => void refreshStatus(), STATUS_INTERVAL_MS);
