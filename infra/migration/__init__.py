"""Moving a tenant's database to its other network."""
