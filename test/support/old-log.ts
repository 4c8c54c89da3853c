/** What the engine would have written in the hours before, made in a moment. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { EngineApi } from './engine-api.js';
import { writerCommand } from './image.js';
import { sealLine, type WriterSpec } from './lines.mjs';

export const OLD_LINE_BYTES = 2_000;

const CHUNK = 4 * 1024 * 1024;
const AGE_MS = 10 * 3_600_000;

/**
 * A container that has run and ended, with `spec.from` old lines of its writer in its log; answers its id and the log's bytes.
 * Started again it writes the writer's other lines. The log files of the engine must be this process's to write.
 */
export async function containerWithOldLog(
  api: EngineApi,
  image: string,
  spec: WriterSpec & { readonly from: number },
): Promise<{ id: string; bytes: number }> {
  // The first run only makes the log file; what is started again writes on where the old lines end.
  const again = `if [ -e /ran ]; then exec "$@"; fi; : >/ran`;
  const command = ['/bin/sh', '-c', again, 'sh', ...writerCommand(spec)];
  const id = await api.create({ name: spec.name, image, command });
  await api.start(id);
  await api.wait(id);
  const { LogPath } = await api.inspect(id);
  return { id, bytes: writeOldLog(LogPath, spec.name, spec.from) };
}

function writeOldLog(file: string, writer: string, lines: number): number {
  const fd = openSync(file, 'w');
  let time = Date.now() - AGE_MS;
  const step = Math.floor(AGE_MS / (lines + 1));
  let bytes = 0;
  let chunk: string[] = [];
  let chunkBytes = 0;
  const flush = (): void => {
    const text = Buffer.from(chunk.join(''));
    for (let at = 0; at < text.length; ) at += writeSync(fd, text, at);
    bytes += text.length;
    chunk = [];
    chunkBytes = 0;
  };
  for (let seq = 0; seq < lines; seq++) {
    const line = sealLine(writer, 'o', seq, 0, PAYLOADS[(seq * 31) % PAYLOADS.length]).toString('latin1');
    time += step;
    const record = `{"log":"${line}\\n","stream":"stdout","time":"${new Date(time).toISOString().slice(0, -1)}${String(seq % 1_000_000).padStart(6, '0')}Z"}\n`;
    chunk.push(record);
    chunkBytes += record.length;
    if (chunkBytes >= CHUNK) flush();
  }
  flush();
  closeSync(fd);
  return bytes;
}

// Plain letters need no escapes, neither in JSON nor anywhere else.
const PAYLOADS = Array.from({ length: 61 }, (_, i) => {
  const word = (j: number): string => ((i + 1) * (j + 7) * 2_654_435).toString(36).slice(0, 7).padEnd(7, 'x');
  return Array.from({ length: OLD_LINE_BYTES / 8 }, (_, j) => word(j)).join(' ');
});
