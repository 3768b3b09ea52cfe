"""How suppliers get in: schemes, vendors, their qualifications, waivers, and what they are engaged for."""
