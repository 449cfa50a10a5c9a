"""VisionService."""
