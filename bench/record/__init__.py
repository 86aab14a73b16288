"""Floor 3, recording: the run folder and the facts about the machine."""
