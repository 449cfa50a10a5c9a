"""Cleaning of crawled shop photos, as the iTOO paper describes it in sections 4.2, 5.1 and 5.3."""
