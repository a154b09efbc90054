"""Change detection without training: what it must know it learns from each scene."""
