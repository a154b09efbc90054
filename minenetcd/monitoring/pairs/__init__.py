"""Many pairs, one after the other: each with its own folder of results, those that are done are kept."""
