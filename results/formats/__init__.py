"""The files of other programs: read into the frame, written from it."""
