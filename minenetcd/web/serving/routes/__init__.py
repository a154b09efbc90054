"""What the server answers, a router for each trade."""
