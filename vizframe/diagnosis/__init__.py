"""What is wrong with a training, since when, in which layer, and what to try.

    vitals of every so many steps ──► Course ──► rules ──► Finding

It knows no framework and no recorder: numbers come in, findings go out.
"""
