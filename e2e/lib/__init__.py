"""Real control planes on this machine: the package behind e2e/fleet, e2e/demo and the e2e cases."""
