"""What every network's training shares: the trunk, a run with its settings, starting weights."""
