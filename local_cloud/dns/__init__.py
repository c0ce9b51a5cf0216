"""Names as clients find them: hosted zones and database endpoints, answered on loopback."""
