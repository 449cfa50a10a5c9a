"""CatalogService: the items of shops."""
