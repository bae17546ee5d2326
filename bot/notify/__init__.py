"""Tell: alerts in Slack and the daily digest by mail. Facts come in as frozen values; nothing here decides."""
