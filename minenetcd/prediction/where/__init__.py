"""Where change is looked for, and where what was found lies: area of interest, masks, concessions, known mines."""
