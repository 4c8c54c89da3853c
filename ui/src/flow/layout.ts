/**
 * Where the pipeline's nodes stand, and the arrows between them; pixels. Wide pages have the stages side by side. Narrow ones
 * have one node below the other, and rails beside them.
 */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Node {
  readonly id: string;
  readonly height: number;
}

/** Sources, each processor by itself, the journal, sinks; none is empty. */
export type Stages = readonly (readonly Node[])[];

export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly path: string;
  /** Above which what it carries is written, in the middle of the text; undefined where there is no room for it. */
  readonly label: { readonly x: number; readonly y: number } | undefined;
}

export interface Layout {
  readonly isWide: boolean;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, Box>;
  readonly arrows: readonly Arrow[];
}

const NODE_WIDTH = { least: 150, most: 270 };
const ARROW_LENGTH = { least: 84, most: 200 };
const BETWEEN_NODES = 20;
/** Beside the nodes of narrow pages, for rails: where the first is, which leads to what is nearest, and where the last may be. */
const GUTTER = 40;
const RAILS = { first: 28, last: 4, apart: 9 };

export function layoutFlow(stages: Stages, width: number): Layout {
  const gaps = stages.length - 1;
  const isWide = stages.length * NODE_WIDTH.least + gaps * ARROW_LENGTH.least <= width;
  return isWide ? sideBySide(stages, width) : oneBelowTheOther(stages, width);
}

/** Pixels. Ten times the lines make an arrow so much thicker; one that carries nothing is a hair. Rails are half as thick. */
export function thickness(linesPerSecond: number, isWide: boolean): number {
  if (!(linesPerSecond > 0)) return 1.5;
  return Math.min(14, 2 + 2.4 * Math.log10(1 + linesPerSecond)) / (isWide ? 1 : 2);
}

function sideBySide(stages: Stages, width: number): Layout {
  const gaps = Math.max(1, stages.length - 1);
  const room = width - gaps * ARROW_LENGTH.least;
  const nodeWidth = Math.min(NODE_WIDTH.most, room / stages.length);
  const arrowLength = Math.min(ARROW_LENGTH.most, (width - stages.length * nodeWidth) / gaps);
  const used = stages.length * nodeWidth + (stages.length - 1) * arrowLength;
  const height = Math.max(...stages.map(heightOf));
  const boxes = new Map<string, Box>();
  for (const [column, nodes] of stages.entries()) {
    const x = (width - used) / 2 + column * (nodeWidth + arrowLength);
    let y = (height - heightOf(nodes)) / 2;
    for (const node of nodes) {
      boxes.set(node.id, { x, y, width: nodeWidth, height: node.height });
      y += node.height + BETWEEN_NODES;
    }
  }
  const arrows = pairsOf(stages).map(({ from, to, leaving, arriving }) => {
    const [a, b] = [boxes.get(from) as Box, boxes.get(to) as Box];
    const start = { x: a.x + a.width, y: a.y + a.height * leaving };
    const end = { x: b.x, y: b.y + b.height * arriving };
    const bend = (end.x - start.x) / 2;
    return {
      from,
      to,
      path: `M${n(start.x)} ${n(start.y)} C${n(start.x + bend)} ${n(start.y)} ${n(end.x - bend)} ${n(end.y)} ${n(end.x)} ${n(end.y)}`,
      // Above the slope, which the text is wider than.
      label: { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 - Math.abs(end.y - start.y) * 0.3 },
    };
  });
  return { isWide: true, height, boxes, arrows };
}

function oneBelowTheOther(stages: Stages, width: number): Layout {
  const boxes = new Map<string, Box>();
  let y = 0;
  for (const node of stages.flat()) {
    boxes.set(node.id, { x: GUTTER, y, width: width - GUTTER, height: node.height });
    y += node.height + BETWEEN_NODES;
  }
  const arrows = pairsOf(stages).map(({ from, to, leaving, arriving, rail, rails }) => {
    const [a, b] = [boxes.get(from) as Box, boxes.get(to) as Box];
    // Arrows arrive above and leave below, those of the inner rails nearest to the end: so none crosses another.
    const [start, end] = [a.y + a.height * (0.95 - 0.4 * leaving), b.y + b.height * (0.45 - 0.4 * arriving)];
    const step = rails === 1 ? 0 : Math.min(RAILS.apart, (RAILS.first - RAILS.last) / (rails - 1));
    const x = RAILS.first - rail * step;
    const bend = Math.min(6, Math.abs(end - start) / 2);
    return {
      from,
      to,
      path:
        `M${GUTTER} ${n(start)} H${n(x + bend)} Q${n(x)} ${n(start)} ${n(x)} ${n(start + bend)} ` +
        `V${n(end - bend)} Q${n(x)} ${n(end)} ${n(x + bend)} ${n(end)} H${GUTTER}`,
      label: undefined,
    };
  });
  return { isWide: false, height: Math.max(0, y - BETWEEN_NODES), boxes, arrows };
}

interface Pair {
  readonly from: string;
  readonly to: string;
  /** At which part of the node's side, from the top. */
  readonly leaving: number;
  readonly arriving: number;
  /** Of the arrows between two stages, the how manieth by distance, and how many there are. */
  readonly rail: number;
  readonly rails: number;
}

/** Every node of a stage leads to every one of the next. Of two stages in a row one has a single node, as the pipeline is made. */
function pairsOf(stages: Stages): Pair[] {
  return stages.slice(1).flatMap((targets, at) => {
    const origins = stages[at];
    return origins.flatMap((from, row) =>
      targets.map((to, target) => ({
        from: from.id,
        to: to.id,
        leaving: share(target, targets.length),
        arriving: share(row, origins.length),
        rail: origins.length - 1 - row + target,
        rails: Math.max(origins.length, targets.length),
      })),
    );
  });
}

/** Spread around the middle, and not beyond the middle half. */
function share(at: number, of: number): number {
  return of === 1 ? 0.5 : 0.25 + (0.5 * at) / (of - 1);
}

function heightOf(nodes: readonly Node[]): number {
  return nodes.reduce((sum, { height }) => sum + height, (nodes.length - 1) * BETWEEN_NODES);
}

function n(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
