"""A private network, a MySQL database and VPN connections for each tenant of a platform on AWS."""
