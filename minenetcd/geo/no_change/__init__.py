"""Statistics of the pixels of both dates, and which of them did not change."""
