"""Images that come in."""
