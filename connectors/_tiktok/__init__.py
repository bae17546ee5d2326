"""TikTok: calls, videos and their comments."""
