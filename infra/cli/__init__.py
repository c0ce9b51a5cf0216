"""The command line: a package for each group of commands, without decisions or AWS calls of its own."""
