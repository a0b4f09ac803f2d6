"""Records: what the parts of scoretest say to each other, and nothing that acts."""
