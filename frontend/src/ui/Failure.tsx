/** The page when nothing else can be shown. */

export function Failure({ message }: { message: string }) {
  return (
    <main class="failure" aria-live="assertive">
      <h1>This page cannot be shown</h1>
      <p>{message}</p>
    </main>
  );
}
