/** Which tenant lines belong to. Route classes keep the streams of a block together by tenant; older blocks may be mixed. */
import type { LokiSinkConfig } from '../../config/types.js';
import type { Block } from '../../pipeline/contract.js';
import { partitionBlock } from '../../pipeline/partition.js';
import { parseLabelText } from '../../pipeline/streams.js';

/** What Loki takes as the name of a tenant. */
const TENANT = /^(?!\.\.?$)[\w!.*'()-]{1,150}$/;

/** The block's lines by tenant, undefined for none. Throws JOURNAL_DAMAGED where the block must be divided and cannot. */
export function byTenant(
  block: Block,
  { tenant, tenantLabel }: Pick<LokiSinkConfig, 'tenant' | 'tenantLabel'>,
): Map<string | undefined, Block> {
  if (tenantLabel === undefined) return new Map([[tenant, block]]);
  return partitionBlock(block, (text) => {
    const labels = parseLabelText(text);
    // What cannot be a tenant's name is none: its lines must not be lost for it.
    return Object.hasOwn(labels, tenantLabel) && TENANT.test(labels[tenantLabel])
      ? labels[tenantLabel]
      : tenant;
  });
}
