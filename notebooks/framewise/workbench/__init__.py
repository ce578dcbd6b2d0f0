"""The machinery behind framewise: nobody has to read it to follow the course."""
