"""The room log in Redis, for rooms that outgrow one machine: one Function appends, whoever follows tails."""
