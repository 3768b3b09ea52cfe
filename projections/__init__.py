"""What is read: read models folded from the log, dropped and replayed at will."""
