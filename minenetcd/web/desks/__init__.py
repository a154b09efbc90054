"""Labelling desks as a browser sees them: dates and segments as tiles, and what is known of them."""
