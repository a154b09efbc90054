/** Whether the page is as narrow as a phone: where a drawer takes the place of the panel (style/result.css). */

import { signal } from "@preact/signals";

const query = matchMedia("(max-width: 760px)");
export const isNarrow = signal(query.matches);
query.addEventListener("change", () => (isNarrow.value = query.matches));
