"""The kill matrix of the engine: whatever dies, what was acknowledged is judged, and only what was judged is there."""
