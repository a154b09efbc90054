"""What a file says about its bands: their colours, how they are named, and which of two dates belong together."""
