"""The parts the screens are made of; each shows one thing and tells its screen about it by messages."""
