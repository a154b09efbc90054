/** The keys of a review: one a verdict. */

import type { Key } from "../ui/keys.ts";
import type { OutlineEditor } from "./editor.ts";
import type { Review } from "./review.ts";
import type { Status } from "./types.ts";

export function reviewKeys(review: Review, editor: OutlineEditor): Key[] {
  const give = (status: Status) => () => judge(review, editor, status);
  const keys: Key[] = [
    { key: "a", what: "accept", run: give("accepted") },
    { key: "r", what: "reject", run: give("rejected") },
    { key: "u", what: "unsure", run: give("unsure") },
    { key: "e", what: "edit the outline; then a, r or u", run: () => toggleEditing(review, editor) },
    { key: "s", what: "skip: it comes again at the end", run: () => leaveAnd(editor, () => review.next({ skip: true })) },
    { key: "z", what: "take your last verdict back", run: () => leaveAnd(editor, () => void review.undo()) },
    { key: "n", what: "next change without a verdict", run: () => leaveAnd(editor, () => review.next()) },
  ];
  if (!review.state.editing.value) return keys;
  return [...keys, { key: "Enter", run: give("accepted") }, { key: "Escape", run: () => editor.end() }, { key: "Backspace", run: () => {} }];
}

/** With the outline that is being edited, where one is. */
export function judge(review: Review, editor: OutlineEditor, status: Status): void {
  const geometry = editor.outline();
  if (geometry === "crosses") {
    review.trouble.value = "An outline must not cross itself: move its points apart.";
    return;
  }
  editor.end();
  review.give(status, geometry);
}

export function toggleEditing(review: Review, editor: OutlineEditor): void {
  const { chosen, editing } = review.state;
  if (editing.value) editor.end();
  else if (chosen.value !== null) editor.begin(chosen.value.geometry);
}

export function leaveAnd(editor: OutlineEditor, run: () => void): void {
  editor.end();
  run();
}
