"""What an account and a machine lack for a platform and its tenants, found before anything is made."""
