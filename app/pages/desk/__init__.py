"""The desk: what customers said, whom to call, who has gone quiet."""
