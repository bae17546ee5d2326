"""Tell people of a case: alone, as one of many, or by mail while Slack is away. Nothing waits on it to be safe."""
