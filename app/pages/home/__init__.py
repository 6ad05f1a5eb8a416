"""The first page: how far the studio has come and what to do next."""
