"""Records about people: who is on call, and who was trained."""
