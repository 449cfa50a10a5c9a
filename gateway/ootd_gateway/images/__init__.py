"""What is known of a photo before it is decoded."""
