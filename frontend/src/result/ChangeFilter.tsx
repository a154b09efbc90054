/** Which changes are listed and outlined, and in which order. */

import { EVERYTHING, ORDERS } from "./changes.ts";
import type { Filter, Order } from "./changes.ts";
import type { ResultState } from "./state.ts";

export function ChangeFilter({ state }: { state: ResultState }) {
  const { filter, order, shown, changes, description } = state;
  const set = (part: Partial<Filter>) => (filter.value = { ...filter.value, ...part });
  const all = changes.collection.features.length;
  const filtered = filter.value !== EVERYTHING;
  return (
    <div class="filter">
      <div class="row">
        <h2>Changes</h2>
        <span class="count" role="status">{filtered ? `${shown.value.length.toLocaleString("en")} of ${all.toLocaleString("en")}` : all.toLocaleString("en")}</span>
        {filtered && <button type="button" class="plain" onClick={() => (filter.value = EVERYTHING)}>Show all</button>}
        <select aria-label="Order" value={order.value} onChange={(event) => (order.value = event.currentTarget.value as Order)}>
          {Object.keys(ORDERS).map((name) => <option key={name} value={name}>{name} first</option>)}
        </select>
      </div>
      <div class="fields">
        <label class="wide">
          <span class="unseen">Search</span>
          <input type="search" placeholder="Search: number, kind, concession" value={filter.value.text} onInput={(event) => set({ text: event.currentTarget.value })} />
        </label>
        <label>
          <span>At least, in {description.unit === "ha" ? "hectares" : "pixels"}</span>
          <input type="number" min="0" step={description.unit === "ha" ? 0.1 : 10} value={filter.value.leastArea || ""} placeholder="0" onInput={(event) => set({ leastArea: Number(event.currentTarget.value) || 0 })} />
        </label>
        <label>
          <span>Confidence from {filter.value.leastConfidence.toFixed(2)}</span>
          <input type="range" min="0" max="1" step="0.01" value={filter.value.leastConfidence} onInput={(event) => set({ leastConfidence: Number(event.currentTarget.value) })} />
        </label>
      </div>
    </div>
  );
}
