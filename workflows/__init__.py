"""What happens over time: Temporal workflows, started and signalled by events only."""
