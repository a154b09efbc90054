"""What the probabilities of a detector are worth: curves, a threshold, a temperature."""
