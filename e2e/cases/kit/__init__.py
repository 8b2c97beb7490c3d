"""What the cases share: control planes that clean up after themselves, objects, waits and recorders."""
