"""The machinery of the frame inspector; `framewise.inspector` is its door."""
