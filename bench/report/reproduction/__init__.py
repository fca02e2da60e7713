"""The papers' claims beside what was measured: REPRODUCTION.md from claims.toml."""
