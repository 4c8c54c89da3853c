/** Which tenant lines belong to. Route classes keep the streams of a block together by tenant; older blocks may be mixed. */
import type { LokiSinkConfig } from '../../config/types.js';
import type { Block } from '../../pipeline/contract.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import { parseLabelText } from '../../pipeline/streams.js';
import { type Piece, partOf } from './request.js';

/** What Loki takes as the name of a tenant. */
const TENANT = /^(?!\.\.?$)[\w!.*'()-]{1,150}$/;

/** The block's lines by tenant, undefined for none. Throws JOURNAL_DAMAGED where the block must be divided and cannot. */
export function byTenant(
  block: Block,
  { tenant, tenantLabel }: Pick<LokiSinkConfig, 'tenant' | 'tenantLabel'>,
): Map<string | undefined, Piece> {
  if (tenantLabel === undefined) return new Map([[tenant, { block }]]);
  const tenantOf = (text: string): string | undefined => {
    const labels = parseLabelText(text);
    // What cannot be a tenant's name is none: its lines must not be lost for it.
    return Object.hasOwn(labels, tenantLabel) && TENANT.test(labels[tenantLabel])
      ? labels[tenantLabel]
      : tenant;
  };
  const tenants = new Set(block.streams.map(({ labels }) => tenantOf(labels)));
  if (tenants.size <= 1) return new Map([...tenants].map((one) => [one, { block }]));

  const lines = new BlockLines();
  decodeBlock(block.payload, lines);
  const owners = lines.streams.map(tenantOf);
  return new Map(
    [...new Set(owners)].flatMap((one) => {
      const part = partOf({ block }, lines, (row) => owners[lines.stream[row]] === one);
      return part ? [[one, part] as const] : [];
    }),
  );
}
