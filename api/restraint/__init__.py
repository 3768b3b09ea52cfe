"""Sanctions, fan-outs, debarment lists and screenings over HTTP."""
