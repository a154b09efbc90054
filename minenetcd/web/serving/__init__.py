"""`minenetcd serve`: results, uploads and jobs in the browser."""
