"""A picture of one tenant, drawn as Mermaid, as SVG and for a terminal."""
