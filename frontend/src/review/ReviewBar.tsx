/** The buttons of a review over the foot of the map: what the keys do, for hands and phones. */

import { IconButton } from "../ui/Button.tsx";
import type { OutlineEditor } from "./editor.ts";
import { judge, leaveAnd, toggleEditing } from "./keys.ts";
import { NameField } from "./NameField.tsx";
import type { Review } from "./review.ts";
import type { Status } from "./types.ts";

const VERDICTS: readonly { status: Status; label: string; key: string }[] = [
  { status: "accepted", label: "Accept", key: "a" },
  { status: "rejected", label: "Reject", key: "r" },
  { status: "unsure", label: "Unsure", key: "u" },
];

export function ReviewBar({ review, editor }: { review: Review; editor: OutlineEditor }) {
  const { state } = review;
  const { chosen, editing } = state;
  if (state.changes.collection.features.length === 0) return <p class="card review-bar nothing">Nothing changed here: there is nothing to judge.</p>;
  return (
    <section class="card review-bar" aria-label="Verdict">
      <p class="review-heading">
        <b>{review.heading}</b>
        <Stands review={review} />
        <span class="review-said">{editing.value ? "Move the points, then accept, reject or unsure" : review.said.value}</span>
      </p>
      {review.trouble.value !== "" && <p class="trouble" role="alert">{review.trouble.value}</p>}
      {review.reviewer.signature === "" || review.reviewer.naming.value ? <NameField reviewer={review.reviewer} /> : <Comment review={review} />}
      <div class="verdicts">
        {VERDICTS.map(({ status, label, key }) => (
          <button key={status} type="button" class="verdict" data-status={status} aria-keyshortcuts={key} disabled={chosen.value === null} onClick={() => judge(review, editor, status)}>
            {label} <kbd aria-hidden="true">{key}</kbd>
          </button>
        ))}
        <span class="parting" />
        <IconButton icon="edit" label="Edit the outline" word="Edit" shortcut="e" pressed={editing.value} disabled={chosen.value === null} onPress={() => toggleEditing(review, editor)} />
        <IconButton icon="skip" label="Skip" word="Skip" shortcut="s" onPress={() => leaveAnd(editor, () => review.next({ skip: true }))} />
        <IconButton icon="undo" label="Undo" word="Undo" shortcut="z" onPress={() => leaveAnd(editor, () => void review.undo())} />
        <IconButton icon="next" label="Next" word="Next" shortcut="n" onPress={() => leaveAnd(editor, () => review.next())} />
      </div>
    </section>
  );
}

/** What was said of the change that is chosen. */
function Stands({ review }: { review: Review }) {
  const own = review.state.chosen.value?.properties;
  if (!own?.status) return null;
  return <span class="stands" data-status={own.status}>{own.status}{typeof own.reviewed_by === "string" ? ` by ${own.reviewed_by}` : ""}{own.edited ? ", outline edited" : ""}</span>;
}

function Comment({ review }: { review: Review }) {
  const leave = (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === "Escape") (event.currentTarget as HTMLElement).blur();
  };
  return (
    <label class="comment">
      <span class="unseen">Comment</span>
      <input type="text" maxLength={2000} placeholder="Comment, kept with the verdict" value={review.comment.value} onInput={(event) => (review.comment.value = event.currentTarget.value)} onKeyDown={leave} />
    </label>
  );
}
