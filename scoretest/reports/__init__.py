"""What happened, for people and for programs; drawn from facts and nothing else."""
