"""The certificate authorities of databases."""

from __future__ import annotations

# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
AUTHORITIES_OF_RDS = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
# Names the file with the authorities that a database's certificate is verified by.
AUTHORITY_VARIABLE = "TENANTNET_DATABASE_CA"
