"""What a network is told of a scene before its tiles, and how it looks at them."""
