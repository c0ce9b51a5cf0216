"""IAM policies for the roles that work with Tenantnet, from the calls that the local cloud recorded.

record: the calls. changes: what no record shows. actions: which IAM actions a call needs. scopes: on which
resources, and under which conditions. boundary: what the roles of a cell can be given at most. documents: the
policies.
"""
