"""From verdicts and labels to a finer detector: what trains, where it is judged, whether it became better."""
