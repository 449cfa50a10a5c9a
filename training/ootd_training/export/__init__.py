"""What the exports of all models share."""
