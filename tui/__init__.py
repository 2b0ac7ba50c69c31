"""The terminal faces of the registry: the full-screen app, and the commands in `tui.cli`."""
