"""What keeps a vendor from work: suspension, blacklist, debarment lists, and what becomes of work under way."""
