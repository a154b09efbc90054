/** The two images of a new job, dropped or chosen, and how they are read. */

import { useRef, useState } from "preact/hooks";
import { postJson } from "../data/http.ts";
import type { Job, Limits, Upload } from "./servedTypes.ts";
import { size, upload } from "./upload.ts";
import type { Uploading } from "./upload.ts";

type Role = "before" | "after";

interface Options {
  detector: string;
  threshold: string;
  date_before: string;
  date_after: string;
  metres_per_pixel: string;
  coregister: boolean;
  yes: boolean;
}

const USUAL: Options = { detector: "auto", threshold: "", date_before: "", date_after: "", metres_per_pixel: "", coregister: false, yes: false };

export function NewJob({ server, limits, asked }: { server: string; limits: Limits; asked: () => void }) {
  const [images, setImages] = useState<Partial<Record<Role, Upload>>>({});
  const [options, setOptions] = useState(USUAL);
  const [problem, setProblem] = useState("");
  const [round, setRound] = useState(0);
  const came = (role: Role) => (image: Upload | undefined) => setImages((known) => ({ ...known, [role]: image }));
  const ask = async () => {
    setProblem("");
    try {
      await postJson<Job>(`${server}api/jobs`, { before: images.before!.id, after: images.after!.id, options: asJson(options) });
      setImages({});
      setRound(round + 1);
      asked();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <form
      class="new-job"
      onSubmit={(event) => {
        event.preventDefault();
        void ask();
      }}
    >
      <div class="drops">
        <Drop key={`before${round}`} role="before" server={server} limits={limits} came={came("before")} />
        <Drop key={`after${round}`} role="after" server={server} limits={limits} came={came("after")} />
      </div>
      <p class="soft limits">
        {limits.kinds}; at most {size(limits.max_upload_bytes)} and {limits.max_pixels.toLocaleString("en")} pixels each.
      </p>
      <HowRead options={options} change={(some) => setOptions({ ...options, ...some })} detectors={limits.detectors} />
      <button type="submit" disabled={images.before === undefined || images.after === undefined}>
        Find what changed
      </button>
      <p class="problem" role="alert">
        {problem}
      </p>
    </form>
  );
}

interface Dropped {
  role: Role;
  server: string;
  limits: Limits;
  came: (image: Upload | undefined) => void;
}

function Drop({ role, server, limits, came }: Dropped) {
  const [image, setImage] = useState<Upload | null>(null);
  const [share, setShare] = useState<number | null>(null);
  const [problem, setProblem] = useState("");
  const [isOver, setOver] = useState(false);
  const running = useRef<Uploading | null>(null);
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    running.current?.stop();
    setImage(null);
    came(undefined);
    setProblem("");
    if (file.size > limits.max_upload_bytes) return setProblem(`${file.name} has ${size(file.size)}, at most ${size(limits.max_upload_bytes)} are taken.`);
    setShare(0);
    const own = (running.current = upload(server, file, setShare));
    try {
      const brought = await own.done;
      setImage(brought);
      came(brought);
    } catch (error) {
      if ((error as Error).name !== "AbortError") setProblem((error as Error).message);
    }
    if (running.current === own) setShare(null);
  };
  return (
    <div
      class={isOver ? "drop drop-over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void take(event.dataTransfer?.files[0]);
      }}
    >
      <label for={role}>
        <strong>{role === "before" ? "Earlier image" : "Later image"}</strong>
        <span class="soft">Drop a file here, or choose one</span>
      </label>
      <input id={role} type="file" accept=".tif,.tiff,.png,.jpg,.jpeg,.jp2,image/*" onChange={(event) => void take(event.currentTarget.files?.[0])} />
      {share !== null && (
        <p>
          <progress max={1} value={share} aria-label={`Upload of the ${role === "before" ? "earlier" : "later"} image`} /> {Math.round(100 * share)} %{" "}
          <button type="button" class="quiet" onClick={() => running.current?.stop()}>
            Stop
          </button>
        </p>
      )}
      {image !== null && (
        <p>
          <strong>{image.name}</strong>
          <span class="soft">
            {" "}
            {image.width.toLocaleString("en")} × {image.height.toLocaleString("en")} pixels, {image.bands} {image.bands === 1 ? "band" : "bands"}, {size(image.bytes)}
          </span>
        </p>
      )}
      <p class="problem" role="alert">
        {problem}
      </p>
    </div>
  );
}

function HowRead({ options, change, detectors }: { options: Options; change: (some: Partial<Options>) => void; detectors: string[] }) {
  const field = (name: "date_before" | "date_after" | "threshold" | "metres_per_pixel", label: string, more: object) => (
    <label>
      {label}
      <input value={options[name]} onInput={(event) => change({ [name]: event.currentTarget.value })} {...more} />
    </label>
  );
  return (
    <details>
      <summary>How they are read</summary>
      <div class="fields">
        <label>
          Detector
          <select value={options.detector} onChange={(event) => change({ detector: event.currentTarget.value })}>
            {detectors.map((name) => (
              <option key={name} value={name}>
                {name === "auto" ? "the one that fits" : name}
              </option>
            ))}
          </select>
        </label>
        {field("threshold", "Threshold (0 to 1)", { type: "number", min: 0, max: 1, step: "any", placeholder: "its own" })}
        {field("date_before", "Day of the earlier image", { type: "date" })}
        {field("date_after", "Day of the later image", { type: "date" })}
        {field("metres_per_pixel", "Metres per pixel (of pictures)", { type: "number", min: 0.001, step: "any", placeholder: "as the file says" })}
        <label class="check">
          <input type="checkbox" checked={options.coregister} onChange={(event) => change({ coregister: event.currentTarget.checked })} />
          Take out a displacement between them
        </label>
        <label class="check">
          <input type="checkbox" checked={options.yes} onChange={(event) => change({ yes: event.currentTarget.checked })} />
          Also where it takes hours
        </label>
      </div>
    </details>
  );
}

/** What is not filled in is left to the server. */
function asJson({ detector, threshold, date_before, date_after, metres_per_pixel, coregister, yes }: Options): object {
  const number = (text: string) => (text.trim() === "" ? null : Number(text));
  return {
    detector,
    threshold: number(threshold),
    metres_per_pixel: number(metres_per_pixel),
    date_before: date_before || null,
    date_after: date_after || null,
    coregister: coregister ? true : null,
    yes,
  };
}
