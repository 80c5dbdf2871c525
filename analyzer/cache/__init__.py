"""What was read of captures, kept in a folder and used again while nothing that it came from has changed."""
