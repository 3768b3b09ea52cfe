"""How vendors are judged for as long as they work: evidence, scorecards, bands and tiers."""
