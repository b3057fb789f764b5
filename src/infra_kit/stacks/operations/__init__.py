"""What is done with what stands on a cluster beside applying it: jobs started by hand, who is there, what is left."""
