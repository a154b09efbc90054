"""From judged points to accuracies and hectares with intervals."""
