"""Read models of vendors, their qualifications and engagements."""
