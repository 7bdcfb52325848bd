"""A scan set upright: quarter turn, skew, blank sides, red ink."""
