/** Small pictures of buttons, drawn in lines of the colour of the text. */

const PATHS = {
  swipe: "M12 4v16M8.5 9 5.5 12l3 3M15.5 9l3 3-3 3",
  side: "M4 6h7v12H4zM13 6h7v12h-7z",
  blink: "M3 12c2.5-4.3 5.5-6.5 9-6.5s6.5 2.2 9 6.5c-2.5 4.3-5.5 6.5-9 6.5S5.5 16.3 3 12zM12 9.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6",
  probability: "M4 15.5 12 20l8-4.5M4 12l8 4.5 8-4.5M12 4l8 4.5-8 4.5-8-4.5z",
  outlines: "M7 5.5 16.5 4 20 11l-4.5 8.5L6 18 4 10.5z",
  distance: "M4 15.5 15.5 4 20 8.5 8.5 20zM8 11.5l2 2M11 8.5l2 2",
  area: "M5 7.5 14 5l5 6-3 8-10-2zM5 7.5h0M14 5h0M19 11h0M16 19h0M6 17h0",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  all: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  keys: "M4 7h16v10H4zM7.5 10.2h.01M10.5 10.2h.01M13.5 10.2h.01M16.5 10.2h.01M8.5 13.8h7",
  close: "M6 6l12 12M18 6 6 18",
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M8.5 5.5v13M15.5 5.5v13",
  edit: "M5 19l1-4L16 5l3 3L9 18zM14 7l3 3",
  skip: "M4 7.5h9a4 4 0 0 1 0 8H9M11.5 12.5l-3 3 3 3",
  undo: "M9 5 5 9l4 4M5 9h8.5a5.5 5.5 0 0 1 0 11H9",
  next: "M6 6v12l8-6zM17.5 6v12",
  click: "M6 4l12 8.5-5.2 1L16 20l-2.6 1-2.9-6.4L6.5 18z",
  brush: "M19.5 4.5c-4 1-8.5 4.5-10.5 8l2.5 2.5c3.5-2 7-6.500 8-10.500zM8 13.500c-2.500 0-3.500 1.500-3.500 3.500 0 1-.500 1.500-1.500 2 3.500 1 7 .500 7.500-3z",
  split: "M5 5h14v14H5zM12 5v14M5 12h7",
  merge: "M4.500 6h7v12h-7zM12.500 6h7v12h-7zM8.500 12h7M13.500 10l2 2-2 2",
  up: "M6 15l6-6 6 6",
  down: "M6 9l6 6 6-6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
