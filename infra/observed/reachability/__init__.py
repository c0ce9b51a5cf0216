"""What reaches what, computed from what EC2 describes, against what is intended."""
