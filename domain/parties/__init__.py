"""Who and where: organisations, people, the areas of a city, estates and buildings."""
