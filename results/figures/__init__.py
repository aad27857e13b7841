"""Every picture, from rows of the frame."""
