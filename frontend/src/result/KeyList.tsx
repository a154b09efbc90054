/** All keys of a page, beside the map: nothing waits for it to be closed. */

import type { Key } from "../ui/keys.ts";
import { IconButton } from "../ui/Button.tsx";

const NAMES: Record<string, string> = { ArrowLeft: "arrows", Escape: "Esc" };

export function KeyList({ keys, onClose }: { keys: readonly Key[]; onClose: () => void }) {
  return (
    <section class="card key-list" aria-label="Keys">
      <header>
        <h2>Keys</h2>
        <IconButton icon="close" label="Close the list of keys" onPress={onClose} />
      </header>
      <dl>
        {keys.filter(({ what }) => what !== undefined).map(({ key, what }) => (
          <div key={key}>
            <dt><kbd>{NAMES[key] ?? key}</kbd></dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
