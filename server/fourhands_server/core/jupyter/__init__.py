"""The room's kernel as Jupyter front ends see it: their messages in, the room's log as messages out."""
