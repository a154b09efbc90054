"""Predictions that are asked for: kept in SQLite, done one after the other in a process of their own."""
