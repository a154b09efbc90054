"""What people say of images and of results, and what follows from it."""
