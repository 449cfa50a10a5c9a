"""What several services speak of: garments, items, photos, vectors; as types and as messages."""
