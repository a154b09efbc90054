/** Who judges: asked once, and kept by the browser. */

import { useLayoutEffect, useRef } from "preact/hooks";
import type { Review } from "./review.ts";

export function NameField({ review }: { review: Review }) {
  const field = useRef<HTMLInputElement>(null);
  const wanted = review.nameWanted.value;
  useLayoutEffect(() => {
    if (wanted > 0 || review.naming.value) field.current!.focus();
  }, [wanted]);
  const leave = (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === "Escape") field.current!.blur();
  };
  return (
    <label class="name">
      <span>Your name</span>
      <input
        ref={field} type="text" maxLength={80} autocomplete="name" placeholder="Every verdict says whose it is" value={review.name.value}
        onFocus={() => (review.naming.value = true)}
        onBlur={() => (review.naming.value = false)}
        onInput={(event) => review.setName(event.currentTarget.value)}
        onKeyDown={leave}
      />
    </label>
  );
}
