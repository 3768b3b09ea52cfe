"""Read models of how vendors stand."""
