"""What AWS refuses before it looks at anything that exists: values of the wrong form."""
