"""The app in a browser: a server that lets in who has the token, and a process of the app for each visitor."""
