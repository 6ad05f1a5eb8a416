"""How landing pages look: plain HTML that needs no script and nothing from elsewhere."""
