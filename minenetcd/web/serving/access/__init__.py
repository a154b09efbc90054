"""Who may come in, and what an answer allows the browser."""
