"""Remember: every comment and revision, every case, decision, act and strike. SQL lives here and in ``bot.records``."""
