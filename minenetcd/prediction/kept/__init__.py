"""What of a prediction is kept: for a run that goes on where one was killed, and for another threshold."""
