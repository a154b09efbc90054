/** The threshold as a slider on the scale of probability; moving it shows at once what would be changed. */

import type { Palette } from "../page.ts";
import { number } from "../ui/words.ts";
import type { ResultState } from "./state.ts";

export function Threshold({ state, palette }: { state: ResultState; palette: Palette }) {
  const { description, threshold, exploring } = state;
  const scale = { "--colours": palette.probability.join(","), "--at": threshold.value, "--own": description.threshold };
  return (
    <section class="threshold" aria-label="Threshold">
      <div class="row">
        <label for="threshold">Threshold</label>
        <output for="threshold">{threshold.value.toFixed(2)}</output>
      </div>
      <div class="scale-of-probability" style={scale}>
        <input
          id="threshold" type="range" min="0.01" max="0.99" step="0.01" value={threshold.value}
          aria-describedby="threshold-says"
          onInput={(event) => state.setThreshold(Number(event.currentTarget.value))}
        />
      </div>
      <div class="row ends" aria-hidden="true"><span>0 unlikely</span><span>probability of change</span><span>certain 1</span></div>
      <p id="threshold-says" class="says">{says(state)}</p>
      {exploring.value && (
        <p class="says">
          <button type="button" class="plain" onClick={() => state.setThreshold(description.threshold)}>Back to {description.threshold.toFixed(2)}</button>
          {" "}To keep it: <code>minenetcd rethreshold FOLDER --threshold {threshold.value.toFixed(2)}</code>
        </p>
      )}
    </section>
  );
}

function says({ description, threshold, exploring }: ResultState): string {
  if (!exploring.value) return "As the map was made. Move it to see what else would be changed.";
  const { histogram, hectares, changed_pixels } = description;
  if (histogram === undefined) return "The yellow line is what would be changed.";
  const from = (at: number) => histogram.slice(Math.ceil(at * 254 - 1e-6)).reduce((sum, count) => sum + count, 0);
  const pixels = from(threshold.value);
  if (hectares === null || !changed_pixels) return `The yellow line is what would be changed: ${number(pixels)} pixels.`;
  return `The yellow line is what would be changed: about ${number((pixels * hectares) / changed_pixels)} ha, small places included.`;
}
