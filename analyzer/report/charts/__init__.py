"""Pictures of many negotiations as small SVGs: no script, no style sheet, readable without colour."""
