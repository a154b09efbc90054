"""What is handed over to learn from: results with verdicts, labels made by hand; each a judged scene."""
