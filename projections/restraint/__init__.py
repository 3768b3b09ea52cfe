"""Read models of what keeps vendors from work."""
