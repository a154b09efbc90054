"""What is said of an image beside its pixels: by its file, or by its user; when it was taken, what means no data."""
