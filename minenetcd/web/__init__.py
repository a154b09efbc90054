"""Pages in the browser: a result to explore offline, and what a server shows."""
