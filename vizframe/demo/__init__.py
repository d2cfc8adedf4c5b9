"""The demo: a small network trained on real digits while its page is open."""
