"""What is known of people: which fields hold personal data, consent, and who saw what."""
