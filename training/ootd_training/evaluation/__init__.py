"""What reports say of runs and of the files that are served: measures, pages, pictures."""
