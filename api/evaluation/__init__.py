"""Rating schemes and standings over HTTP."""
