"""What a tenant has, in the words of its stack and of AWS."""
