"""What a result folder is to the browser: a description, map tiles, polygons in longitude and latitude."""
