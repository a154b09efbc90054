"""One date as somebody gives it: a file, several of one band each, a folder, an archive, a STAC item, a URL."""
