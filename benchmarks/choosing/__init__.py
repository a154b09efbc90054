"""What `benchmarks/choices.py` is made of: validation pairs, candidates, and the rules that decide."""
