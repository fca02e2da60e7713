"""The version of Treeline."""

VERSION = "0.1.0"
"""As in ``CITATION.cff`` and ``CHANGELOG.md``; pyproject.toml reads it here."""
