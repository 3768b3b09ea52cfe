"""What is decided: pure rules over past events. Standard library and msgspec only."""
