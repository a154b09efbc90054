"""From verdicts and labels to a finer detector: what they teach, where it is judged, whether it became better."""
