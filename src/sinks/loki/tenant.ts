/** Which tenant lines belong to. Route classes keep the streams of a block together by tenant; older blocks may be mixed. */
import type { LokiSinkConfig } from '../../config/types.js';
import type { Block } from '../../pipeline/contract.js';
import { shownText, tenantIn } from '../../pipeline/hidden-labels.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import { parseLabelText } from '../../pipeline/streams.js';
import { type Piece, partOf } from './request.js';

/** What Loki takes as the name of a tenant. */
const TENANT = /^(?!\.\.?$)[\w!.*'()-]{1,150}$/;

/** The block's lines by tenant, undefined for none, without labels that nobody is sent. Throws JOURNAL_DAMAGED where the block must be made anew and cannot. */
export function byTenant(
  block: Block,
  { tenant, tenantLabel }: Pick<LokiSinkConfig, 'tenant' | 'tenantLabel'>,
): Map<string | undefined, Piece> {
  const hidesNone = block.streams.every(({ labels }) => shownText(labels) === labels);
  if (tenantLabel === undefined && hidesNone) return new Map([[tenant, { block }]]);
  const tenantOf = (text: string): string | undefined => {
    const own = tenantIn(parseLabelText(text), tenantLabel);
    // What cannot be a tenant's name is none: its lines must not be lost for it.
    return own !== undefined && TENANT.test(own) ? own : tenant;
  };
  const tenants = new Set(block.streams.map(({ labels }) => tenantOf(labels)));
  if (tenants.size <= 1 && hidesNone) return new Map([...tenants].map((one) => [one, { block }]));

  const lines = new BlockLines();
  decodeBlock(block.payload, lines);
  const owners = lines.streams.map(tenantOf);
  for (const [i, labels] of lines.streams.entries()) lines.streams[i] = shownText(labels);
  return new Map(
    [...new Set(owners)].flatMap((one) => {
      const part = partOf({ block }, lines, (row) => owners[lines.stream[row]] === one);
      return part ? [[one, part] as const] : [];
    }),
  );
}
