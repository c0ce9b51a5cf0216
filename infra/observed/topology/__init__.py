"""One tenant as a picture: what it consists of, drawn as Mermaid, as SVG and for a terminal."""
