"""The nodes that a graph can name with `use`: one file per processor, named after it."""
