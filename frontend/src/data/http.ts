/** Asking the server. */

/** What the server says is wrong, in a line for the user. */
export class ServerError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export async function getJson<T>(address: string, signal?: AbortSignal): Promise<T> {
  return answered<T>(await fetch(address, { signal, headers: { accept: "application/json" } }));
}

export async function postJson<T>(address: string, body: unknown): Promise<T> {
  const headers = { "content-type": "application/json", accept: "application/json" };
  return answered<T>(await fetch(address, { method: "POST", headers, body: JSON.stringify(body) }));
}

/** Asks for what needs no words: something is stopped, or removed. */
export async function send(address: string, method: "POST" | "DELETE"): Promise<void> {
  await answered<unknown>(await fetch(address, { method, headers: { "x-minenetcd": "page", accept: "application/json" } }));
}

async function answered<T>(answer: Response): Promise<T> {
  if (answer.status === 204) return undefined as T; // done, and nothing to say
  if (answer.ok) return (await answer.json()) as T;
  const said = (await answer.json().catch(() => ({}))) as { detail?: unknown };
  const detail = typeof said.detail === "string" ? said.detail : answer.statusText;
  throw new ServerError(detail || `The server answered ${answer.status}.`, answer.status);
}
