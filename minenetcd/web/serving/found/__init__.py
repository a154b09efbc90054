"""The results that are served, by ids that say nothing of paths."""
