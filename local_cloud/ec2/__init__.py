"""EC2, completed: VPN connections, gateways, route propagation, peerings."""
