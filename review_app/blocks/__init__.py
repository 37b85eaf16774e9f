"""How each type of block is drawn; engine/display.py says what the types are."""
