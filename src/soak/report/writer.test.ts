import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SOAK_HEAD, soakSample } from '../../../test/support/soak-samples.js';
import type { Criterion } from '../../selftest/criteria.js';
import type { SoakReport } from '../types.js';
import { ReportWriter } from './writer.js';

const CRITERIA: Criterion[] = [{ id: 'lines', mark: 'exactly once', measured: 'all', verdict: 'pass' }];
const sample = (i: number) => soakSample(i, 200, 2, () => 0.5);

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'log-capturer-report-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function linesOf(file: string): Record<string, unknown>[] {
  const text = readFileSync(file, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n'))
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const reportOf = (file: string): SoakReport => JSON.parse(readFileSync(file, 'utf8')) as SoakReport;

describe('the files of a report', () => {
  test('hold everything in the order in which it came, and the verdict', () => {
    const writer = ReportWriter.open(directory, SOAK_HEAD);
    writer.sample(sample(0));
    writer.event(1, 'the run begins');
    writer.sample(sample(1));
    const files = writer.finish(CRITERIA);
    const asWritten = JSON.parse(JSON.stringify([sample(0), sample(1)])) as unknown[];
    expect(linesOf(files.samples)).toEqual([
      { head: JSON.parse(JSON.stringify(SOAK_HEAD)) as unknown },
      { sample: asWritten[0] },
      { event: { seconds: 1, text: 'the run begins' } },
      { sample: asWritten[1] },
      { criteria: CRITERIA },
    ]);
    expect(reportOf(files.json)).toMatchObject({
      passed: true,
      criteria: CRITERIA,
      events: [{ seconds: 1, text: 'the run begins' }],
      samples: asWritten,
    });
    expect(readFileSync(files.html, 'utf8')).toContain('the run begins');
    expect(readdirSync(directory).toSorted()).toEqual(
      ['html', 'json', 'jsonl'].map((ending) => `soak-2026-11-22T061449123Z.${ending}`),
    );
  });

  test('are renewed once a minute while it runs, and say that it does', () => {
    const { json, html } = ReportWriter.open(directory, SOAK_HEAD).files;
    expect(reportOf(json)).toMatchObject({ samples: [], criteria: [] });
    const writer = ReportWriter.open(directory, SOAK_HEAD);
    const seen = Array.from({ length: 70 }, (_, i) => {
      writer.sample(sample(i));
      return reportOf(json).samples.length;
    });
    expect([...new Set(seen)]).toEqual([1, 31, 61]);
    expect(readFileSync(html, 'utf8')).toContain('RUNNING');
  });

  test('of nothing judged, and of one that failed, the verdict is no pass', () => {
    expect(reportOf(ReportWriter.open(directory, SOAK_HEAD).finish([]).json).passed).toBe(false);
    const failed = [...CRITERIA, { id: 'fds', mark: 'flat', measured: '+3', verdict: 'fail' as const }];
    expect(reportOf(ReportWriter.open(directory, SOAK_HEAD).finish(failed).json).passed).toBe(false);
  });

  test('hold the first and the last of very many events', () => {
    const writer = ReportWriter.open(directory, SOAK_HEAD);
    for (let i = 0; i < 3_000; i++) writer.event(i, `event ${i}`);
    const files = writer.finish(CRITERIA);
    const seconds = reportOf(files.json).events.map((event) => event.seconds);
    expect(seconds).toEqual([...Array(500).keys(), ...Array.from({ length: 500 }, (_, i) => 2_500 + i)]);
    expect(linesOf(files.samples)).toHaveLength(3_002);
  });
});

describe('trouble', () => {
  test('a writer that is killed leaves every sample', async () => {
    // The writer, as built, in a process of its own that is killed in the middle of its work.
    const child: ChildProcess = spawn(process.execPath, [await compiledWriter(directory), directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    let told = '';
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      told += chunk.toString();
      if (told.split('\n').length > 50) child.kill('SIGKILL');
    }
    await closed;
    const acknowledged = told.slice(0, told.lastIndexOf('\n')).split('\n').map(Number);
    const lines = linesOf(path.join(directory, 'soak-2026-11-22T061449123Z.jsonl'));
    const seconds = lines.slice(1).map((line) => (line['sample'] as { seconds: number }).seconds);
    expect(acknowledged.length).toBeGreaterThanOrEqual(50);
    expect(seconds.slice(0, acknowledged.length)).toEqual(acknowledged);
    expect(lines[0]).toHaveProperty('head');
  });

  test('a directory that cannot be written is refused with a remedy', () => {
    writeFileSync(path.join(directory, 'file'), '');
    for (const folder of [path.join(directory, 'file'), '/proc/log-capturer/soak']) {
      expect(() => ReportWriter.open(folder, SOAK_HEAD)).toThrow(
        expect.objectContaining({
          code: 'SELF_TEST_IMPOSSIBLE',
          remedy: expect.stringContaining('--directory'),
        }),
      );
    }
  });

  test('a directory that goes away ends no soak; it is told once, and at the end', () => {
    const writer = ReportWriter.open(path.join(directory, 'out'), SOAK_HEAD);
    rmSync(path.join(directory, 'out'), { recursive: true });
    for (let i = 0; i < 100; i++) writer.sample(sample(i));
    expect(() => writer.finish(CRITERIA)).toThrow(expect.objectContaining({ code: 'SELF_TEST_IMPOSSIBLE' }));
  });
});

/** The writer and all it imports as JavaScript in a folder, with a program that writes without end and tells each sample. */
async function compiledWriter(folder: string): Promise<string> {
  const { build } = await import('vite');
  const entry = path.join(folder, 'entry.ts');
  const root = path.resolve(import.meta.dirname, '../../..');
  writeFileSync(
    entry,
    `import { writeSync } from 'node:fs';
     import { ReportWriter } from '${root}/src/soak/report/writer.ts';
     import { SOAK_HEAD, soakSample } from '${root}/test/support/soak-samples.ts';
     const writer = ReportWriter.open(process.argv[2], SOAK_HEAD);
     for (let i = 0; ; i++) {
       writer.sample(soakSample(i, 1000, 2, () => 0.5));
       writeSync(1, i * 2 + '\\n');
     }`,
  );
  await build({
    root: folder,
    logLevel: 'silent',
    build: {
      ssr: entry,
      outDir: path.join(folder, 'built'),
      target: 'node20',
      rollupOptions: { output: { entryFileNames: 'entry.mjs' } },
    },
  });
  return path.join(folder, 'built/entry.mjs');
}
