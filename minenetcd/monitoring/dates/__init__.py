"""Many dates of one place: what changed when, for how long, and how the area grew."""
