"""Structure files -> Filter: reading, assembly, detection, rings, sites, idealised filters."""
