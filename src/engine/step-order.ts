/** An order in which every step comes after what it needs, as near to the given one as can be. */

export interface StepNode {
  readonly id: string;
  readonly needs: readonly string[];
}

export type StepOrder =
  | { readonly kind: 'order'; readonly ids: readonly string[] }
  /** Each one needs the next; the last is the first again. */
  | { readonly kind: 'cycle'; readonly ids: readonly string[] };

/** Grows with steps and needs only (times the logarithm of the steps). Needs that are no steps are passed over. */
export function orderSteps(nodes: readonly StepNode[]): StepOrder {
  const place = new Map(nodes.map((node, index) => [node.id, index]));
  const users: number[][] = nodes.map(() => []);
  const waiting = nodes.map((node, index) => {
    const needs = new Set(node.needs.filter((id) => place.has(id)));
    for (const id of needs) users[place.get(id) ?? 0]?.push(index);
    return needs.size;
  });
  const ready = new Heap();
  for (const [index, count] of waiting.entries()) if (count === 0) ready.push(index);
  const ids: string[] = [];
  for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
    ids.push(nodes[index]?.id ?? '');
    for (const user of users[index] ?? []) {
      const left = (waiting[user] ?? 0) - 1;
      waiting[user] = left;
      if (left === 0) ready.push(user);
    }
  }
  if (ids.length === nodes.length) return { kind: 'order', ids };
  return { kind: 'cycle', ids: findCycle(nodes, place, new Set(ids)) };
}

/** Every step left over needs another one left over: following them must come round. */
function findCycle(
  nodes: readonly StepNode[],
  place: ReadonlyMap<string, number>,
  done: ReadonlySet<string>,
): readonly string[] {
  const trail: string[] = [];
  const seen = new Map<string, number>();
  let at = nodes.find((node) => !done.has(node.id));
  while (at !== undefined && !seen.has(at.id)) {
    seen.set(at.id, trail.length);
    trail.push(at.id);
    const next = at.needs.find((id) => place.has(id) && !done.has(id));
    at = next === undefined ? undefined : nodes[place.get(next) ?? -1];
  }
  const start = at === undefined ? 0 : (seen.get(at.id) ?? 0);
  const cycle = trail.slice(start);
  return [...cycle, ...cycle.slice(0, 1)];
}

/** Smallest number first. */
class Heap {
  readonly #items: number[] = [];

  push(value: number): void {
    const items = this.#items;
    let at = items.length;
    items.push(value);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent] ?? 0;
      if (above <= value) break;
      items[at] = above;
      at = parent;
    }
    items[at] = value;
  }

  pop(): number | undefined {
    const items = this.#items;
    const [top] = items;
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= items.length) break;
      const right = left + 1;
      const child = right < items.length && (items[right] ?? 0) < (items[left] ?? 0) ? right : left;
      const value = items[child] ?? 0;
      if (value >= last) break;
      items[at] = value;
      at = child;
    }
    items[at] = last;
    return top;
  }
}
