"""What people say of pairs: marks, and the segments that they are made of."""
