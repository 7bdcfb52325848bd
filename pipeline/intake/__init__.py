"""Files dropped in the inbox: noticed, watched until complete, accepted, removed."""
