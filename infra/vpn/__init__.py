"""VPN guides: what a company's network engineer needs to set up the other end of a VPN connection.

configuration: the XML that EC2 describes a connection with. connection: that and what else EC2 says of it.
guides: the files of a guide, of templates. strongswan: strongSwan's names and timers. samples: EC2's own
samples, and what in them a tunnel does not permit. reader: all of it asked through boto3. read, status: a
tenant's connections, their tunnels. folder: a guide on disk. These four and download ask or write; everything
else is pure.
"""
