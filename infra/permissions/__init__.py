"""IAM policies for the roles that work with Tenantnet, from the calls that the local cloud recorded.

record: the calls. actions: which IAM actions a call needs. scopes: on which resources, and
under which conditions.
documents: the policies. evaluation: whether a policy allows a call.
"""
