"""How the outside is reached: PostgreSQL, Temporal, settings, logs, the command line."""
