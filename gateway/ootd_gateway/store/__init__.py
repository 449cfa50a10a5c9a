"""The database, which is the truth: files are what all subjects share, each folder is a subject."""
