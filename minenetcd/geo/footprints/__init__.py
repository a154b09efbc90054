"""Where images lie to each other: what they share, whole turns apart or not, and mistakes in a place."""
