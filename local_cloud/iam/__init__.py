"""Who calls, and whether IAM lets them: for the calls of Session Manager, which tunnel policies are about."""
