/** Who judges: asked once, and kept by the browser. */

import { useLayoutEffect, useRef } from "preact/hooks";
import type { Reviewer } from "./reviewer.ts";

export function NameField({ reviewer }: { reviewer: Reviewer }) {
  const field = useRef<HTMLInputElement>(null);
  const wanted = reviewer.nameWanted.value;
  useLayoutEffect(() => {
    if (wanted > 0 || reviewer.naming.value) field.current!.focus();
  }, [wanted]);
  const leave = (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    field.current!.blur();
    reviewer.end(event.key === "Enter");
  };
  return (
    <label class="name">
      <span>Your name</span>
      <input
        ref={field} type="text" maxLength={80} autocomplete="name" placeholder="Every verdict says whose it is" value={reviewer.name.value}
        onFocus={() => (reviewer.naming.value = true)}
        onBlur={() => (reviewer.naming.value = false)}
        onInput={(event) => reviewer.setName(event.currentTarget.value)}
        onKeyDown={leave}
      />
    </label>
  );
}
