"""A report on some experiments, for people who don't live in a terminal: one HTML page, or Markdown."""
