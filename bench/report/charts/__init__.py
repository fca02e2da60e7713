"""The charts of a task, as Vega-Lite for the page and as SVG for markdown."""
