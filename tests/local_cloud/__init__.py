"""The local cloud, and the commands that need no engine, through boto3."""
