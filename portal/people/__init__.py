"""Companies and accounts as people manage them: who may come in at a client, who is on the staff, who looks on."""
