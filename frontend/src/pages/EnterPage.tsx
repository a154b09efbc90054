/** Coming in with the token that the server has printed: typed in, or from the part of the address that no server sees. */

import { useEffect, useState } from "preact/hooks";
import { postJson } from "../data/http.ts";
import { serverOf } from "../page.ts";
import type { PageFacts } from "../page.ts";
import "../style/pages.css";

export function EnterPage({ page }: { page: PageFacts }) {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState("");
  const enter = async (given: string) => {
    setProblem("");
    try {
      await postJson(`${serverOf(page)}api/session`, { token: given });
      location.replace(serverOf(page));
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  useEffect(() => {
    const given = decoded(location.hash.slice(1));
    if (given === "") return;
    history.replaceState(null, "", location.pathname); // it is not to stay in the history
    void enter(given);
  }, []);
  return (
    <main class="own enter">
      <h1>This server asks for a token</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void enter(token);
        }}
      >
        <label for="token">Token, as the server has printed it</label>
        <input id="token" type="password" autocomplete="off" value={token} onInput={(event) => setToken(event.currentTarget.value)} />
        <button type="submit" disabled={token.trim() === ""}>
          Open
        </button>
      </form>
      <p class="problem" role="alert">
        {problem}
      </p>
    </main>
  );
}

/** A token as it stands in an address, or as somebody has put it there by hand. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
