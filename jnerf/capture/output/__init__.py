"""What a finished capture leaves: the scene in other tools' words, smaller copies, and a report with a picture."""
