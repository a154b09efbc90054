/** Buttons of a page: with a picture, and a name that is read aloud and shown where a pointer rests. */

import { Icon } from "./Icon.tsx";
import type { IconName } from "./Icon.tsx";

interface ButtonFacts {
  icon: IconName;
  label: string;
  /** Below the picture, where it alone would say too little. */
  word?: string;
  /** The key that does the same. */
  shortcut?: string;
  /** Of a button that is on or off. */
  pressed?: boolean;
  disabled?: boolean;
  onPress: () => void;
}

export function IconButton({ icon, label, word, shortcut, pressed, disabled = false, onPress }: ButtonFacts) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      aria-pressed={pressed}
      aria-keyshortcuts={shortcut}
      title={shortcut === undefined ? label : `${label} (${shortcut})`}
      disabled={disabled}
      onClick={onPress}
    >
      <Icon name={icon} />
      {word !== undefined && <span class="word">{word}</span>}
    </button>
  );
}

/** One of several, as radio buttons are. */
export function Choice<T extends string>({ name, label, value, options, onChoose }: {
  name: string;
  label: string;
  value: T;
  options: readonly { value: T; label: string; icon: IconName; shortcut: string }[];
  onChoose: (value: T) => void;
}) {
  return (
    <fieldset class="choice">
      <legend class="unseen">{label}</legend>
      {options.map((option) => (
        <label key={option.value} title={`${option.label} (${option.shortcut})`}>
          <input type="radio" name={name} value={option.value} checked={option.value === value} onChange={() => onChoose(option.value)} />
          <Icon name={option.icon} />
          <span>{option.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
