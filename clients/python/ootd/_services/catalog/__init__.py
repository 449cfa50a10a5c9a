"""CatalogService."""
