"""Many results of one kind: a table of pairs of images, and many dates of one place."""
