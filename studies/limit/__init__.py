"""How many documents d dimensions hold, where every two of them are the answer to a query."""
