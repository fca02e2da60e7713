"""``leaderboard.html``: one file with its data, which needs no network."""
