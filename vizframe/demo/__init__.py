"""The demo: a small network trained on real digits, or on a text, while its page is open."""
