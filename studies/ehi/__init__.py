"""EHI beside fair rivals: the computed parts of ``docs/ehi.md``."""
