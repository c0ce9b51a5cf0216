"""RDS, completed: MySQL instances, their parameters and subnet groups, refused and changed as RDS does."""
