"""The dry run (J10): one customer walks through the draft in virtual time; nothing is written, nothing is sent.

One mechanism makes it exact. Each request opens a transaction, lets the engine's own functions do in it what they
would do live (who enters, what a step decides, what the guard says, what an event changes), tells what happened, and
rolls everything back. A `DryRun` is only the wish: whom, by which trigger, what happens when, and how late it is. So
it can be kept as JSON between two steps, and the same wish gives the same walk.
"""
