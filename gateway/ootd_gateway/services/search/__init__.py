"""SearchService: items that look like a garment."""
