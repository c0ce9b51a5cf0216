"""A move of the database as data: phases, transitions, memory and journal. Pure."""
