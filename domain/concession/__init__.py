"""Concession agreements (特许经营): milestones, obligations, shares of benefit and risk."""
