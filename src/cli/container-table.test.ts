import { expect, test } from 'vitest';
import { containerTable } from './container-table.js';

test('what is captured with transport, sinks and labels, then what is not and why; nothing commands the terminal', () => {
  const both = ['stdout', 'stderr'];
  const common = { state: 'running', transportWhy: '', why: '', labels: {}, takers: undefined };
  const text = containerTable([
    {
      ...common,
      name: 'web',
      transport: 'file',
      transportWhy: 'its log file can be read',
      labels: { env: 'a', container: 'web', stream: 'stdout|stderr' },
      takers: [
        { sink: 'loki', outputs: both },
        { sink: 'errors', outputs: ['stderr'] },
      ],
    },
    { ...common, name: 'skip', transport: 'none', why: 'it matches exclude', state: 'exited' },
    { ...common, name: 'idle', transport: 'api', takers: [] },
    { ...common, name: 'api-server', transport: 'api', labels: { container: '\u001b]0;evil\u0007\u009b2J' } },
  ]);
  expect(text).toBe(
    '  api-server  running  api                             {container="\\u001b]0;evil\\u0007·2J"}\n' +
      '  idle        running  api                             to no sink                {}\n' +
      '  web         running  file: its log file can be read  to loki, errors (stderr)  {container="web", env="a", stream="stdout|stderr"}\n' +
      '  skip        exited   not captured: it matches exclude\n',
  );
  expect(containerTable([])).toBe('  no containers: there are none yet\n');
});
