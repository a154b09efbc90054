"""How large, how costly and how good the methods are, side by side."""
