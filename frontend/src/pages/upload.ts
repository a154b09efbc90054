/** Brings a file to the server, and tells how far it is: fetch cannot say that. */

import { ServerError } from "../data/http.ts";
import type { Upload } from "./servedTypes.ts";

export interface Uploading {
  done: Promise<Upload>;
  stop: () => void;
}

export function upload(server: string, file: File, progress: (share: number) => void): Uploading {
  const request = new XMLHttpRequest();
  const done = new Promise<Upload>((resolve, reject) => {
    request.open("POST", `${server}api/uploads?name=${encodeURIComponent(file.name.slice(0, 200))}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("x-minenetcd", "upload");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
    request.onload = () => {
      if (request.status === 201) return resolve(request.response as Upload);
      const said = (request.response as { detail?: string } | null)?.detail;
      reject(new ServerError(said ?? `The server answered ${request.status}.`, request.status));
    };
    request.onerror = () => reject(new ServerError("The connection to the server broke: try again.", 0));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
  });
  request.send(file);
  return { done, stop: () => request.abort() };
}

/** 12 kB, 3.4 MB. */
export function size(bytes: number): string {
  const [unit, by] = bytes >= 1e9 ? ["GB", 1e9] : bytes >= 1e6 ? ["MB", 1e6] : ["kB", 1e3];
  const value = bytes / (by as number);
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${unit}`;
}
