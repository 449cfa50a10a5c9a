"""Reports, of training runs and of shipped models: pages of measured figures and pictures."""
