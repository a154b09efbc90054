"""Values and names that every room shares: plain Python."""

#: In a mask or a result: no data, not labelled, not looked at.
UNKNOWN = 255

#: The parts a data set is divided into, in the order in which they are listed.
SPLITS = ("train", "val", "test")
