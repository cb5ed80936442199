"""The companies an MSP serves, their sites and the people there."""
