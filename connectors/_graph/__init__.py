"""What the Meta platforms share: calls to the Graph API, batches, paging, errors and limits."""
