"""The pages of the browser UI, one folder each: `page.py` (components) and `state.py` (what it shows and does)."""
