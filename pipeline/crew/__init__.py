"""Who does the work: leases, worker processes, and what becomes of their answers."""
