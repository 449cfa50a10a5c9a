"""How all console commands read options, show progress and report errors."""
