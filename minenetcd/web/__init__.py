"""Results in the browser: as one file, or served."""
