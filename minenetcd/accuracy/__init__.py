"""Areas with an error bar: a stratified random sample of a map, interpreted by a person, and what follows from it."""
