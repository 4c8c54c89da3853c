/** Containers that are gone before anybody can ask for them, while the agent's event loop stalls again and again. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { Agent } from '../support/agent.js';
import { eachLimited } from '../support/engine-api.js';
import { describeWithEngine, fileSinkConfig } from '../support/engine-test.js';
import { sealLine } from '../support/lines.mjs';
import { assertExact, type Expected } from '../support/oracle.js';
import { outputsComplete } from '../support/outputs.js';
import { scratch } from '../support/scratch.js';

const CONTAINERS = 200;
const AT_ONCE = 8;
const COMPLETE_DEADLINE_MS = 30_000;
// Lines before and after the pause of 50 ms; an empty argument is an empty line.
const SCRIPT = `printf '%s\\n' "$1" "$2" "$3"; printf '%s\\n' "$4" >&2; sleep 0.05; printf '%s\\n' "$5" "$6"; printf '%s\\n' "$7" >&2`;

function command(name: string): string[] {
  const line = (stream: 'o' | 'e', seq: number, empties = 0): string =>
    sealLine(name, stream, seq, empties, `short-lived ${'žluť '.repeat(seq * 5)}.`).toString();
  const lines = [line('o', 0), '', line('o', 1, 1), line('e', 0), line('o', 2), line('o', 3), line('e', 1)];
  return ['/bin/sh', '-c', SCRIPT, 'sh', ...lines];
}

describeWithEngine('200 containers of 50 ms, removed at once', (bed) => {
  it('are captured whole while the event loop stalls for 400 ms again and again', async () => {
    const folder = scratch('short');
    const output = path.join(folder, 'out');
    const stalls = path.join(folder, 'stalls');
    const expected: Expected[] = Array.from({ length: CONTAINERS }, (_, i) => ({
      container: `short-${String(i).padStart(3, '0')}`,
      out: 4,
      err: 2,
    }));
    const agent = await Agent.start({
      folder,
      config: fileSinkConfig(bed.facts, ['short-*'], output),
      preloads: ['stall-hook.mjs'],
      env: { STALL_MS: '400', STALL_WHILE: stalls },
    });
    await agent.ready();
    await agent.said(/Docker engine /);
    writeFileSync(stalls, '');
    await eachLimited(expected, AT_ONCE, async ({ container }) => {
      const id = await bed.api.create({
        name: container,
        image: bed.facts.image,
        command: command(container),
        autoRemove: true,
      });
      const removed = bed.api.wait(id, 'removed');
      await bed.api.start(id);
      expect(await removed).toBe(0);
    });
    await outputsComplete(output, expected, COMPLETE_DEADLINE_MS);
    rmSync(stalls);
    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });
    expect(assertExact(output, expected).lines).toBe(CONTAINERS * 6);
  });
});
